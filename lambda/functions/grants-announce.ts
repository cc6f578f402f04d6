import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SFNClient } from '@aws-sdk/client-sfn';
import { createGrantAnnouncer } from '../deployment/aws-grant-announcements';
import { required } from '../deployment/environment';
import { createDynamoDbStore } from '../stores/aws-dynamodb-store';

/** Announces every step of every grant, from its table's stream. */
export const handler = createGrantAnnouncer({
  events: new EventBridgeClient({}),
  bus: required(process.env, 'MCP_GRANTS_EVENT_BUS'),
  workflows: new SFNClient({}),
  store: createDynamoDbStore(new DynamoDBClient({}), required(process.env, 'MCP_GRANTS_TABLE')),
  writeLine: (line) => void process.stdout.write(`${line}\n`),
});
