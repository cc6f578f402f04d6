import type { JsonObject, JsonRpcRequest } from '../../protocol';
import type { LegacySession, SessionUpstream } from '../sessions';
import type { LegacyLeg, ModernLeg, UpstreamDescription } from './leg';

/** A session that was opened with the upstream for a legacy client. */
export interface OpenedSession {
  readonly upstream: SessionUpstream;
  readonly description: UpstreamDescription;
}

/** Keeps something alive until the request is over. */
export type Hold = (release: () => void) => void;

/**
 * One upstream server, reached in the era that its clients speak: natively where the server speaks it too,
 * otherwise through a translation.
 */
export interface ServerUpstream {
  modern(principal: string, clientCapabilities: JsonObject, hold: Hold): ModernLeg | Promise<ModernLeg>;
  /** Opens a session for a legacy client's `initialize`. */
  open(principal: string, session: Omit<LegacySession, 'upstream'>, initialize: JsonRpcRequest, hold: Hold): Promise<OpenedSession>;
  resume(session: LegacySession, hold: Hold): Promise<LegacyLeg>;
  close(): Promise<void>;
}
