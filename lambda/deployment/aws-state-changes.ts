import { PutEventsCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { AttributeValue, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { escapeUnprintable } from '../audit/unprintable';
import type { ToolRecord } from '../integrity';
import { changesOf, type ToolStateChange } from '../onboarding/announce';

/** Names of the events; rules match them. */
export const STATE_CHANGE = { source: 'mcp-zero-trust.registry', detailType: 'MCP Tool State Change' } as const;

/** What `PutEvents` takes at once. */
const ENTRIES = 10;

export interface AnnounceOptions {
  readonly client: EventBridgeClient;
  /** Name or ARN of the bus. */
  readonly bus: string;
  /** Gets one JSON object a line: for the metrics, and as the record of who did what (LOG-1). */
  readonly writeLine: (line: string) => void;
}

/**
 * Announces every step of every record on the event bus, from the table's own stream: a step that was written is announced,
 * whoever wrote it and whatever became of them. At least once, and in order for each tool.
 */
export function createAnnouncer({ client, bus, writeLine }: AnnounceOptions): (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse> {
  async function publish(changes: readonly ToolStateChange[]): Promise<void> {
    for (let start = 0; start < changes.length; start += ENTRIES) {
      const Entries = changes.slice(start, start + ENTRIES).map((change) => ({
        EventBusName: bus,
        Source: STATE_CHANGE.source,
        DetailType: STATE_CHANGE.detailType,
        Time: new Date(change.at),
        Detail: JSON.stringify(change),
      }));
      const { FailedEntryCount = 0 } = await client.send(new PutEventsCommand({ Entries }));
      if (FailedEntryCount > 0) throw new Error(`the event bus did not take ${FailedEntryCount} events`);
    }
  }

  return async ({ Records }) => {
    for (const { dynamodb } of Records) {
      try {
        const changes = dynamodb?.NewImage === undefined ? [] : changesIn(dynamodb.NewImage);
        await publish(changes);
        for (const change of changes) writeLine(escapeUnprintable(JSON.stringify({ kind: 'tool', ...change })));
      } catch (error) {
        writeLine(escapeUnprintable(JSON.stringify({ kind: 'failure', message: (error as Error).message })));
        // A stream goes on only in order: this one and all after it come again.
        return { batchItemFailures: [{ itemIdentifier: dynamodb?.SequenceNumber ?? '' }] };
      }
    }
    return { batchItemFailures: [] };
  };
}

function changesIn(image: Readonly<Record<string, AttributeValue>>): readonly ToolStateChange[] {
  const { collection, id, revision, value } = image;
  if (collection?.S !== 'tools' || id?.S === undefined || value?.S === undefined) return [];
  return changesOf(id.S, Number(revision?.N), JSON.parse(value.S) as ToolRecord);
}
