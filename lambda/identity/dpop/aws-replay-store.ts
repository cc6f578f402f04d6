import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { TABLE_KEYS } from '../../stores/aws-dynamodb-store';
import type { ReplayStore } from './replay-store';

/** Attribute that DynamoDB's time to live looks at, seconds since the epoch. It cleans up and decides nothing. */
export const EXPIRES_AT = 'expiresAt';

const SORT_KEY = 'dpop-proof';

/**
 * Proofs that any instance has seen: one conditional write each, so that of concurrent claims one wins. A proof is its
 * own partition, and no key is hot.
 *
 * @param clock milliseconds since the epoch. @default Date.now
 */
export function createDynamoDbReplayStore(client: DynamoDBClient, table: string, clock: () => number = Date.now): ReplayStore {
  return {
    async claim(key, expiresAt) {
      const writeId = randomUUID();
      const Key = { [TABLE_KEYS.partition]: { S: `proof#${key}` }, [TABLE_KEYS.sort]: { S: SORT_KEY } };
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: { ...Key, writeId: { S: writeId }, [EXPIRES_AT]: { N: String(Math.ceil(expiresAt / 1000)) } },
            ConditionExpression: 'attribute_not_exists(#id) OR #expiresAt < :now',
            ExpressionAttributeNames: { '#id': TABLE_KEYS.sort, '#expiresAt': EXPIRES_AT },
            ExpressionAttributeValues: { ':now': { N: String(Math.floor(clock() / 1000)) } },
          }),
        );
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        // The client repeats a request whose answer was lost: then it is our own write that is in the way.
        const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
        return Item?.writeId?.S === writeId;
      }
    },
  };
}
