import { setTimeout as sleep } from 'node:timers/promises';
import type { UpstreamEvent } from '../upstream';
import { UpstreamFailure } from '../upstream';
import type { SharedSession } from './shared-session';

const MAX_RESUMPTIONS = 10;
const DEFAULT_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

/**
 * What a legacy server says until the answer, also where it ends its stream in between and wants to be asked for the rest
 * by the id of the last event (MCP 2025-11-25, transports: polling and resumability).
 */
export function resuming({ leg, closed }: SharedSession, events: AsyncIterable<UpstreamEvent>, signal: AbortSignal): AsyncIterator<UpstreamEvent> {
  let iterator = events[Symbol.asyncIterator]();
  let lastEventId: string | undefined;
  let retryMs = DEFAULT_RETRY_MS;
  let resumptions = 0;

  async function resume(): Promise<void> {
    if (lastEventId === undefined || (resumptions += 1) > MAX_RESUMPTIONS) throw ended('before it answered');
    await sleep(Math.min(retryMs, MAX_RETRY_MS), undefined, { signal: AbortSignal.any([signal, closed]) }).catch(() => {
      if (signal.aborted) throw new UpstreamFailure('aborted', 'the client went away');
    });
    const stream = await leg.listen({ lastEventId, signal, awaitsAnswer: true });
    if (stream === undefined) throw ended('and does not resume it');
    iterator = stream.events[Symbol.asyncIterator]();
  }

  return {
    async next() {
      for (;;) {
        const next = await iterator.next();
        if (next.done !== true) {
          lastEventId = next.value.eventId ?? lastEventId;
          if (next.value.kind === 'checkpoint') retryMs = next.value.retryMs ?? retryMs;
          return next;
        }
        await resume();
      }
    },
    return: async () => (await iterator.return?.()) ?? { value: undefined, done: true },
  };
}

function ended(how: string): UpstreamFailure {
  return new UpstreamFailure('closed', `the upstream ended its stream ${how}`);
}
