import type { Era, JsonObject } from '../../protocol';
import type { LegacySession, Seal } from '../sessions';
import { UpstreamFailure, createProcessPool, type ChannelHandlers, type ProcessPool, type ServerChannel, type UpstreamLimits } from '../upstream';
import { knownClientCapabilities } from './capabilities';
import { createLegacyOverModernLeg } from './legacy-over-modern';
import { createModernOverLegacyLeg } from './modern-over-legacy';
import { connectProcess, type ProcessConnection } from './process-connection';
import type { Hold, ServerUpstream } from './server-upstream';
import { shareSession, type SharedSession } from './shared-session';
import { createTranslatedSessions } from './translated-sessions';
import { createWaitingCalls } from './waiting-calls';

/** A child process that is ready for conversations, and the session that modern clients of a legacy one share. */
interface PooledConnection extends ProcessConnection {
  readonly shared: SharedSession;
}

/** What tells the child processes of a gateway apart. */
interface ConnectionKey {
  readonly server: string;
  /** A process serves one principal alone (MUL-6). */
  readonly principal: string;
  readonly prefer: Era;
  /** A legacy server decides at its start by the client's capabilities what it offers, so clients that differ in them do not share it. */
  readonly capabilities: JsonObject;
}

/** The child processes of all servers of a gateway, capped together. */
export interface ConnectionPool {
  readonly processes: ProcessPool<PooledConnection>;
  readonly starters: Map<string, (key: ConnectionKey) => Promise<PooledConnection>>;
  close(): Promise<void>;
}

export function createConnectionPool(options: { readonly maxProcesses: number; readonly idleMs: number }): ConnectionPool {
  const starters: ConnectionPool['starters'] = new Map();
  const processes = createProcessPool<PooledConnection>({
    ...options,
    nameOf: (key) => (JSON.parse(key) as ConnectionKey).server,
    start(text) {
      const key = JSON.parse(text) as ConnectionKey;
      const start = starters.get(key.server);
      if (start === undefined) throw new UpstreamFailure('connect', `The server "${key.server}" is not configured.`);
      return start(key);
    },
  });
  return { processes, starters, close: () => processes.close() };
}

export interface ProcessUpstreamOptions {
  readonly name: string;
  /** Starts the server's process, or opens a connection that is as good as one. */
  start(handlers: ChannelHandlers): Promise<ServerChannel>;
  /** The one era that its transport has. @default - both are tried */
  readonly era?: Era;
  readonly limits: UpstreamLimits;
  readonly pool: ConnectionPool;
  readonly seal: Seal;
  readonly inputMs: number;
  onListChanged(): void;
}

export function createProcessUpstream(options: ProcessUpstreamOptions): ServerUpstream {
  const { name, pool, limits, seal, inputMs, onListChanged } = options;
  const waiting = createWaitingCalls(seal);
  const sessions = createTranslatedSessions(inputMs);
  /** The one era that the server speaks, once it has refused the other. */
  let only = options.era;

  pool.starters.set(name, async ({ prefer, capabilities }) => {
    const connection = await connectProcess({
      name,
      prefer,
      clientCapabilities: capabilities,
      limits,
      inputMs,
      onListChanged,
      start: options.start,
    });
    if (connection.era !== prefer) only = connection.era;
    const shared = shareSession(connection.legacyLeg({ name: '', capabilities }), connection.description);
    return { ...connection, shared };
  });

  function keyOf(principal: string, prefer: Era, declared: JsonObject): string {
    const era = only ?? prefer;
    const key: ConnectionKey = { server: name, principal, prefer: era, capabilities: era === 'modern' ? {} : knownClientCapabilities(declared) };
    return JSON.stringify(key);
  }

  /** The process to talk to, and the key it has. */
  async function connect(principal: string, prefer: Era, declared: JsonObject, hold: Hold): Promise<{ readonly connection: PooledConnection; readonly key: string }> {
    for (;;) {
      const key = keyOf(principal, prefer, declared);
      const { process, release } = await pool.processes.lease(key);
      // It may have turned out meanwhile to be a legacy server, which has to be told at its start what the client is capable of.
      if (process.era === 'modern' || keyOf(principal, prefer, declared) === key) {
        hold(release);
        return { connection: process, key };
      }
      release();
    }
  }

  return {
    async modern(principal, capabilities, hold) {
      const { connection, key } = await connect(principal, 'modern', capabilities, hold);
      if (connection.era === 'modern') return connection.modernLeg();
      const retain = () => {
        const kept = pool.processes.lease(key);
        return () => void kept.then(({ release }) => release(), () => {});
      };
      return createModernOverLegacyLeg({ session: connection.shared, waiting, binding: JSON.stringify([name, principal]), inputMs, retain });
    },
    async open(principal, session, _initialize, hold) {
      const { connection } = await connect(principal, 'legacy', session.clientCapabilities, hold);
      return { upstream: { kind: 'process' }, description: connection.description };
    },
    async resume(session: LegacySession, hold) {
      if (session.upstream.kind !== 'process') {
        throw new UpstreamFailure('session_lost', `The session does not belong to the server "${name}" as it is configured now.`);
      }
      const { connection } = await connect(session.principal, 'legacy', session.clientCapabilities, hold);
      if (connection.era === 'legacy') return connection.legacyLeg({ name: session.nonce, capabilities: session.clientCapabilities });
      return createLegacyOverModernLeg({ leg: connection.modernLeg(), ...sessions.of(session) });
    },
    close: async () => waiting.close(),
  };
}
