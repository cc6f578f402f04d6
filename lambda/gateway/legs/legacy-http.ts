import { Header, type JsonRpcMessage } from '../../protocol';
import { UpstreamFailure, type HttpTransport } from '../upstream';
import type { Exchange, LegacyLeg } from './leg';
import { answerOf, postOrAnswer } from './modern-http';

export interface LegacyHttpSession {
  /** Absent where the upstream works without sessions. */
  readonly sessionId?: string;
  readonly revision: string;
}

/** Speaks 2025-11-25 and earlier to an HTTP upstream, within the session that the upstream gave out. */
export function createLegacyHttpLeg(transport: HttpTransport, session: LegacyHttpSession): LegacyLeg {
  const sessionHeaders: Record<string, string> = { [Header.PROTOCOL_VERSION]: session.revision };
  if (session.sessionId !== undefined) sessionHeaders[Header.SESSION_ID] = session.sessionId;

  const tell = async (message: JsonRpcMessage): Promise<void> => {
    await transport.post(message, { headers: sessionHeaders });
  };

  return {
    era: 'legacy',
    async exchange(request, options) {
      const headers = { ...options.trace?.headers, ...sessionHeaders };
      return answerOf(await postOrAnswer(transport, request, headers, options.signal), request);
    },
    notify: tell,
    respond: tell,
    async listen({ lastEventId, signal }) {
      const headers = lastEventId === undefined ? sessionHeaders : { ...sessionHeaders, [Header.LAST_EVENT_ID]: lastEventId };
      try {
        const stream = await transport.openStream({ headers, signal });
        return stream.status === 200 ? ({ status: 200, events: stream.events } satisfies Exchange) : undefined;
      } catch (failure) {
        if (failure instanceof UpstreamFailure && failure.code === 'status' && (failure.status === 405 || failure.status === 400)) return undefined;
        throw failure;
      }
    },
    async end() {
      return transport.endSession({ headers: sessionHeaders });
    },
  };
}
