import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { escapeUnprintable } from '../audit/unprintable';
import { askServers } from '../deployment/aws-ask';
import { readDiscoverSettings } from '../deployment/registry-settings';
import { createDiscover } from '../onboarding/discover';
import { createDynamoDbStore } from '../stores/aws-dynamodb-store';

const { table, servers } = readDiscoverSettings(process.env);

/** First step of a discovery: asks every server what it offers. */
export const handler = createDiscover({
  store: createDynamoDbStore(new DynamoDBClient({}), table),
  ask: () => askServers(servers),
  report: (server) => console.log(escapeUnprintable(JSON.stringify({ kind: 'discovery', ...server }))),
});
