import { Header, type JsonRpcMessage } from '../../protocol';
import { UpstreamFailure, type HttpTransport } from '../upstream';
import type { LegacyLeg } from './leg';
import { answerOf, postOrAnswer } from './modern-http';

export interface LegacyHttpSession {
  /** Absent where the upstream works without sessions. */
  readonly sessionId?: string;
  readonly revision: string;
}

/** HTTP statuses with which a server says that it has no stream to offer. */
const NO_STREAM: ReadonlySet<number> = new Set([400, 404, 405, 406, 409, 501]);

/**
 * Speaks 2025-11-25 and earlier to an HTTP upstream, within the session that the upstream gave out.
 *
 * @param inputMs how long a server's request waits for its answer, milliseconds
 */
export function createLegacyHttpLeg(transport: HttpTransport, session: LegacyHttpSession, inputMs: number): LegacyLeg {
  const sessionHeaders: Record<string, string> = { [Header.PROTOCOL_VERSION]: session.revision };
  if (session.sessionId !== undefined) sessionHeaders[Header.SESSION_ID] = session.sessionId;

  /** Whatever a server says in answer to what is no request, nobody waits for it. */
  const tell = async (message: JsonRpcMessage): Promise<void> => {
    const { events } = await transport.post(message, { headers: sessionHeaders });
    await events.return?.();
  };

  return {
    era: 'legacy',
    async exchange(request, { trace, signal }) {
      const headers = { ...trace?.headers, ...sessionHeaders };
      return answerOf(await postOrAnswer(transport, request, { headers, signal, inputMs }), request);
    },
    notify: tell,
    async respond(response) {
      await tell(response);
      return undefined;
    },
    async listen({ lastEventId, signal, awaitsAnswer = false }) {
      const headers = lastEventId === undefined ? sessionHeaders : { ...sessionHeaders, [Header.LAST_EVENT_ID]: lastEventId };
      const limits = awaitsAnswer ? { inputMs } : { totalMs: Infinity, idleMs: Infinity };
      const stream = await transport.openStream({ headers, signal, ...limits });
      if (stream.streaming) return { status: 200, events: stream.events };
      await stream.events.return?.();
      if (stream.status < 300 || NO_STREAM.has(stream.status)) return undefined;
      throw new UpstreamFailure('status', `the upstream answered the opening of its stream with HTTP ${stream.status}`, stream.status);
    },
    end: async () => (session.sessionId === undefined ? 204 : transport.endSession({ headers: sessionHeaders })),
  };
}
