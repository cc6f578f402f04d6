import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { openAuditLog, readAuditLogSettings } from '../deployment/aws-audit-log';
import { createAnnouncer } from '../deployment/aws-state-changes';
import { required } from '../deployment/environment';

const client = new EventBridgeClient({});
const bus = required(process.env, 'MCP_REGISTRY_EVENT_BUS');
const log = openAuditLog(readAuditLogSettings(process.env));
// Reported by the first event; without this an early failure would end the process before it.
log.catch(() => {});

/** Announces every change of the registry, from its table's stream. */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const { write, settle } = await log;
  const answer = await createAnnouncer({ client, bus, writeLine: write })(event);
  settle();
  return answer;
}
