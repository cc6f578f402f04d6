import type { JsonRpcRequest } from '../../protocol';
import { EventQueue, type UpstreamEvent } from '../upstream';
import type { SharedSession } from './shared-session';

/** What a server asks beside the stream of the call that it is about. */
export interface Asides {
  /** The questions, for one reader. */
  readonly events: EventQueue;
  /** Resolves with the first question. */
  readonly asked: Promise<void>;
}

/**
 * Hears what the server asks on the session's open stream, where many servers ask from within a tool because they do not
 * say which request it is about. It is taken to be about the newest call that can answer it.
 *
 * @param accepts whether the client of the call can answer a question
 * @param signal ends it, as its reader does
 */
export async function hearAsides(session: SharedSession, accepts: (question: JsonRpcRequest) => boolean, signal: AbortSignal): Promise<Asides | undefined> {
  let first: (() => void) | undefined;
  const asked = new Promise<void>((resolve) => (first = resolve));
  let leave = (): void => undefined;
  const events = new EventQueue({ onReturn: () => leave() });
  const attending = await session.attend({
    accepts,
    ask(event) {
      events.push(event);
      first?.();
    },
  });
  if (attending === undefined) return undefined;
  leave = attending;
  signal.addEventListener('abort', leave, { once: true });
  return { events, asked };
}

/** What comes of an answer and beside it, as it comes, until the answer ends. */
export function withAsides(answer: Promise<AsyncIterator<UpstreamEvent>>, { events }: Asides): AsyncIterator<UpstreamEvent> {
  let fromAnswer: Promise<IteratorResult<UpstreamEvent>> | undefined;
  let fromAsides: Promise<IteratorResult<UpstreamEvent>> | undefined;

  async function readAnswer(): Promise<IteratorResult<UpstreamEvent>> {
    return (await answer).next();
  }

  return {
    async next() {
      fromAnswer ??= readAnswer();
      fromAsides ??= events.next();
      // Whoever waits for a client's answer reads on later, and meets a failure then.
      fromAnswer.catch(() => {});
      const { next, isAside } = await Promise.race([fromAnswer.then((read) => ({ next: read, isAside: false })), fromAsides.then((read) => ({ next: read, isAside: true }))]);
      if (isAside) fromAsides = undefined;
      else fromAnswer = undefined;
      return next;
    },
    async return() {
      await events.return();
      answer.then((iterator) => iterator.return?.()).catch(() => {});
      return { value: undefined, done: true };
    },
  };
}
