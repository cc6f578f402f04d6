import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { openAuditLog, readAuditLogSettings, type AuditLog } from '../deployment/aws-audit-log';
import { createAnnouncer } from '../deployment/aws-state-changes';
import { required } from '../deployment/environment';

const client = new EventBridgeClient({});
const bus = required(process.env, 'MCP_REGISTRY_EVENT_BUS');
let log: Promise<AuditLog> | undefined;

/** While a stack is deployed the key may not sign yet: the event comes again, and so does this. */
function openLog(): Promise<AuditLog> {
  log ??= openAuditLog(readAuditLogSettings(process.env)).catch((error: unknown) => {
    log = undefined;
    throw error;
  });
  return log;
}

/** Announces every change of the registry, from its table's stream. */
export async function handler(event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const { write, settle } = await openLog();
  const answer = await createAnnouncer({ client, bus, writeLine: write })(event);
  settle();
  return answer;
}
