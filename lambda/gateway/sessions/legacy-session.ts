import { isJsonObject, isLegacyRevision, type JsonObject, type LegacyRevision } from '../../protocol';
import type { Seal } from './seal';

/**
 * A legacy client's session, whole, as it travels sealed in `Mcp-Session-Id`: any instance that has the key can serve
 * the next request.
 */
export interface LegacySession {
  /** Tells sessions apart that are otherwise equal. */
  readonly nonce: string;
  readonly server: string;
  /** `principalKey` of who opened it. Nobody else may use it (MUL-6). */
  readonly principal: string;
  readonly clientRevision: LegacyRevision;
  readonly clientCapabilities: JsonObject;
  readonly clientInfo?: JsonObject;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly upstream: SessionUpstream;
}

export type SessionUpstream =
  /** The upstream has its own legacy session, or answers legacy requests without one. */
  | { readonly kind: 'http'; readonly sessionId?: string; readonly revision: string }
  /** The upstream speaks only the modern era; the gateway translates. */
  | { readonly kind: 'modern' }
  /** The upstream is a child process of the instance that serves the request. */
  | { readonly kind: 'process' };

const PURPOSE = 'legacy-session';

export function sealSession(seal: Seal, session: LegacySession): string {
  return seal.seal(PURPOSE, session as unknown as JsonObject);
}

/** The session, or `undefined` when the id is not ours, or older than `maxAgeMs` at `now`. */
export function openSession(seal: Seal, id: string, now: number, maxAgeMs: number): LegacySession | undefined {
  const value = seal.open(PURPOSE, id);
  if (value === undefined || !isJsonObject(value.upstream) || !isLegacyRevision(value.clientRevision)) return undefined;
  const session = value as unknown as LegacySession;
  return now - session.openedAt > maxAgeMs ? undefined : session;
}
