import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { escapeUnprintable } from '../audit/unprintable';
import { RevisionConflict, type DocumentStore } from '../stores';
import { WAITS } from './aws-grant-announcements';

/** A request that waits, as its announcement tells it, with the token of the workflow. */
export interface WaitingGrant {
  readonly token: string;
  readonly grant: { readonly grant: string; readonly principal: { readonly type: string; readonly id: string }; readonly server: string; readonly tool: string; readonly ticket?: string; readonly approvals: number };
}

export interface GrantWaitOptions {
  readonly sns: SNSClient;
  readonly topicArn: string;
  readonly publicUrl: string;
  readonly store: DocumentStore;
  readonly clock?: () => number;
}

/** How long a token is kept, milliseconds. */
const KEEP_MS = 86_400_000;
const MAX_SUBJECT = 100;

/** First and only step of the workflow of a request: tells the approvers, and keeps the token by which its decision is told. */
export function createGrantWait({ sns, topicArn, publicUrl, store, clock = Date.now }: GrantWaitOptions): (event: WaitingGrant) => Promise<void> {
  return async ({ token, grant: { grant, principal, server, tool, ticket } }) => {
    const existing = await store.get(WAITS, grant);
    try {
      await store.put(WAITS, grant, { token }, existing?.revision ?? 0, { removeAfter: clock() + KEEP_MS });
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
    const who = escapeUnprintable(`${principal.type} ${principal.id}`);
    const what = escapeUnprintable(`${tool} of ${server}`);
    const text = `${who} asks to call ${what}${ticket === undefined ? '' : ` (${escapeUnprintable(ticket)})`}.\n\nRead what for and with which arguments, and decide, at\n${publicUrl}/approvals/${grant}\n`;
    await sns.send(new PublishCommand({ TopicArn: topicArn, Subject: `Approval needed: ${what}`.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SUBJECT), Message: text }));
  };
}
