import { PutEventsCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { escapeUnprintable } from '../audit/unprintable';
import type { Grant, Hold, Mark } from '../grants';
import type { JsonObject } from '../protocol';
import type { DocumentStore } from '../stores';

/** Names of the events; rules match them. */
export const GRANT_CHANGE = { source: 'mcp-zero-trust.grants', grant: 'MCP Grant State Change', killSwitch: 'MCP Kill Switch' } as const;

/** Collection of the tokens by which workflows wait, by the id of the grant. */
export const WAITS = 'waits';

export interface GrantAnnouncerOptions {
  readonly events: EventBridgeClient;
  /** Name or ARN of the bus. */
  readonly bus: string;
  readonly workflows: SFNClient;
  readonly store: DocumentStore;
  /** Gets one JSON object a line. */
  readonly writeLine: (line: string) => void;
}

/** What happened to a grant. It holds no argument and no purpose. */
interface GrantChange {
  readonly grant: string;
  readonly state: Grant['state'];
  readonly approvals: number;
  readonly uses: number;
  readonly principal: { readonly type: string; readonly id: string; readonly issuer: string };
  readonly server: string;
  readonly tool: string;
  readonly ticket?: string;
  readonly decideBy?: number;
}

/** Announces every step of every grant, and every use of the kill switch, from the table's own stream; ends the workflow that waited for it. */
export function createGrantAnnouncer({ events, bus, workflows, store, writeLine }: GrantAnnouncerOptions): (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse> {
  async function publish(detailType: string, detail: object): Promise<void> {
    const { FailedEntryCount = 0 } = await events.send(new PutEventsCommand({ Entries: [{ EventBusName: bus, Source: GRANT_CHANGE.source, DetailType: detailType, Detail: JSON.stringify(detail) }] }));
    if (FailedEntryCount > 0) throw new Error('the event bus did not take the event');
  }

  async function endWait(change: GrantChange): Promise<void> {
    const waiting = await store.get(WAITS, change.grant);
    if (waiting === undefined || typeof waiting.value.token !== 'string') return;
    try {
      await workflows.send(new SendTaskSuccessCommand({ taskToken: waiting.value.token, output: JSON.stringify(change) }));
    } catch (error) {
      // It waited long enough, or was told already.
      if (!['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'].includes((error as Error).name)) throw error;
    }
  }

  async function announce(collection: string | undefined, value: JsonObject): Promise<void> {
    if (collection === 'revocations') {
      const { target, by, at, why } = value as unknown as Mark | Hold;
      const blocked = isHold(value) ? value.held && value.reach === 'calls' : value.blocked;
      await publish(GRANT_CHANGE.killSwitch, { target, blocked, by, at, why });
      return;
    }
    if (collection !== 'grants') return;
    const change = changeOf(value as unknown as Grant);
    await publish(GRANT_CHANGE.grant, change);
    if (change.state !== 'requested') await endWait(change);
  }

  return async ({ Records }) => {
    for (const { dynamodb } of Records) {
      const image = dynamodb?.NewImage;
      try {
        if (image?.value?.S !== undefined) await announce(image.collection?.S, JSON.parse(image.value.S) as JsonObject);
      } catch (error) {
        writeLine(escapeUnprintable(JSON.stringify({ kind: 'failure', message: (error as Error).message })));
        // A stream goes on only in order: this one and all after it come again.
        return { batchItemFailures: [{ itemIdentifier: dynamodb?.SequenceNumber ?? '' }] };
      }
    }
    return { batchItemFailures: [] };
  };
}

function isHold(value: object): value is Hold {
  return 'held' in value;
}

function changeOf(grant: Grant): GrantChange {
  const { principal, server, tool, ticket } = grant.terms;
  return {
    grant: grant.id,
    state: grant.state,
    approvals: 'approvals' in grant ? grant.approvals.length : 0,
    uses: 'uses' in grant ? grant.uses.length : 0,
    principal,
    server,
    tool,
    ...(ticket === undefined ? {} : { ticket }),
    ...(grant.state === 'requested' ? { decideBy: grant.decideBy } : {}),
  };
}
