import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  waitUntilTableExists,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { JsonObject } from '../protocol';
import { DocumentTooLarge, MAX_DOCUMENT_BYTES, RevisionConflict, type Document, type DocumentStore, type ListOptions, type PutOptions } from './document-store';

/** Key attributes of the table: strings, `collection` the partition key and `id` the sort key. */
export const TABLE_KEYS = { partition: 'collection', sort: 'id' } as const;

/** The attribute of the table's TTL: seconds since the epoch. */
export const TTL_ATTRIBUTE = 'removeAfter';

const NAMES = { '#collection': TABLE_KEYS.partition, '#id': TABLE_KEYS.sort } as const;

/** Documents in one DynamoDB table, the same in AWS and locally. Every read is consistent, every write conditional. */
export function createDynamoDbStore(client: DynamoDBClient, table: string): DocumentStore {
  async function read(collection: string, id: string): Promise<Record<string, AttributeValue> | undefined> {
    const Key = { [TABLE_KEYS.partition]: { S: collection }, [TABLE_KEYS.sort]: { S: id } };
    return (await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }))).Item;
  }

  return {
    async get(collection, id) {
      const item = await read(collection, id);
      return item === undefined ? undefined : documentOf(item);
    },

    async list(collection, { after, prefix }: ListOptions = {}) {
      const bound = prefix ?? after;
      const documents: Document[] = [];
      let next: Record<string, AttributeValue> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: `#collection = :collection${prefix !== undefined ? ' AND begins_with(#id, :bound)' : after !== undefined ? ' AND #id > :bound' : ''}`,
            ExpressionAttributeNames: bound === undefined ? { '#collection': NAMES['#collection'] } : NAMES,
            ExpressionAttributeValues: { ':collection': { S: collection }, ...(bound === undefined ? {} : { ':bound': { S: bound } }) },
            ExclusiveStartKey: next,
          }),
        );
        documents.push(...(page.Items ?? []).map(documentOf));
        next = page.LastEvaluatedKey;
      } while (next !== undefined);
      return documents;
    },

    async put(collection, id, value, replaces, { removeAfter }: PutOptions = {}) {
      const text = JSON.stringify(value);
      if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) throw new DocumentTooLarge(collection, id);
      const revision = replaces + 1;
      const writeId = randomUUID();
      const write = new PutItemCommand({
        TableName: table,
        Item: {
          [TABLE_KEYS.partition]: { S: collection },
          [TABLE_KEYS.sort]: { S: id },
          revision: { N: String(revision) },
          value: { S: text },
          writeId: { S: writeId },
          ...(removeAfter === undefined ? {} : { [TTL_ATTRIBUTE]: { N: String(Math.ceil(removeAfter / 1000)) } }),
        },
        ...(replaces === 0
          ? { ConditionExpression: 'attribute_not_exists(#id)', ExpressionAttributeNames: { '#id': NAMES['#id'] } }
          : {
              ConditionExpression: '#revision = :replaces',
              ExpressionAttributeNames: { '#revision': 'revision' },
              ExpressionAttributeValues: { ':replaces': { N: String(replaces) } },
            }),
      });
      try {
        await client.send(write);
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        // The client repeats a request whose answer was lost: then it is our own write that is in the way.
        if ((await read(collection, id))?.writeId?.S !== writeId) throw new RevisionConflict(collection, id);
      }
      return { id, revision, value };
    },
  };
}

/** Creates the table where it does not exist; for tests and the local gateway, which let nothing expire. In AWS the construct does. */
export async function ensureTable(client: DynamoDBClient, table: string): Promise<void> {
  try {
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: TABLE_KEYS.partition, KeyType: 'HASH' },
          { AttributeName: TABLE_KEYS.sort, KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [TABLE_KEYS.partition, TABLE_KEYS.sort].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: table });
}

function documentOf(item: Record<string, AttributeValue>): Document {
  const { id, revision, value } = item;
  if (id?.S === undefined || revision?.N === undefined || value?.S === undefined) throw new Error('An item of the table is not a document of this store');
  return { id: id.S, revision: Number(revision.N), value: JSON.parse(value.S) as JsonObject };
}
