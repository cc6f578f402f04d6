import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { openAuditLog, readAuditLogSettings } from '../deployment/aws-audit-log';
import { createAnnouncer } from '../deployment/aws-state-changes';
import { required } from '../deployment/environment';
import { madeOnce } from '../deployment/made-once';

const client = new EventBridgeClient({});
const bus = required(process.env, 'MCP_REGISTRY_EVENT_BUS');
/** While a stack is deployed the key may not sign yet: the event comes again, and so does this. */
const openLog = madeOnce(() => openAuditLog(readAuditLogSettings(process.env)));

/** Announces every change of the registry, from its table's stream. */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const { write, settle } = await openLog();
  const answer = await createAnnouncer({ client, bus, writeLine: write })(event);
  settle();
  return answer;
}
