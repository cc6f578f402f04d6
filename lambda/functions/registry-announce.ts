import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { createAnnouncer } from '../deployment/aws-state-changes';
import { required } from '../deployment/environment';

/** Announces every change of the registry, from its table's stream. */
export const handler = createAnnouncer({
  client: new EventBridgeClient({}),
  bus: required(process.env, 'MCP_REGISTRY_EVENT_BUS'),
  writeLine: (line) => void process.stdout.write(`${line}\n`),
});
