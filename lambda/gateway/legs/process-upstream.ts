import { canonicalJson, type Era, type JsonObject } from '../../protocol';
import type { LegacySession, Seal } from '../sessions';
import {
  UpstreamFailure,
  createProcessPool,
  startProcess,
  type ProcessPool,
  type ServerProcess,
  type UpstreamLimits,
} from '../upstream';
import { knownClientCapabilities } from './capabilities';
import { createLegacyOverModernLeg } from './legacy-over-modern';
import { createModernOverLegacyLeg, type WaitingCalls } from './modern-over-legacy';
import { connectProcess, type ProcessConnection } from './process-connection';
import type { Hold, ServerUpstream } from './server-upstream';
import { createTranslatedSessions } from './translated-sessions';

/** A child process that is ready for conversations, and what is remembered with it. */
interface PooledConnection extends ProcessConnection {
  readonly exited: Promise<unknown>;
  readonly logging: { level?: string };
}

/** What tells the child processes of a gateway apart. */
interface ConnectionKey {
  readonly server: string;
  /** A process serves one principal alone (MUL-6). */
  readonly principal: string;
  readonly prefer: Era;
  /** A server decides by the client's capabilities what it offers, so clients that differ in them do not share one. */
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
      if (start === undefined) throw new UpstreamFailure('connect', `server ${key.server} is not configured`);
      return start(key);
    },
  });
  return { processes, starters, close: () => processes.close() };
}

export interface ProcessUpstreamOptions {
  readonly name: string;
  readonly process: {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly cwd?: string;
  };
  readonly limits: UpstreamLimits;
  readonly pool: ConnectionPool;
  readonly seal: Seal;
  readonly inputMs: number;
  onListChanged(): void;
  onStderrLine?(line: string): void;
}

export function createProcessUpstream(options: ProcessUpstreamOptions): ServerUpstream {
  const { name, pool, limits, seal, inputMs } = options;
  const waiting: WaitingCalls = new Map();
  const sessions = createTranslatedSessions();
  let known: Era | undefined;

  pool.starters.set(name, async ({ prefer, capabilities }) => {
    let process: ServerProcess | undefined;
    const connection = await connectProcess({
      name,
      prefer,
      clientCapabilities: capabilities,
      limits,
      onListChanged: options.onListChanged,
      start: async ({ onMessage, onExit }) => {
        process = await startProcess({ name, limits, ...options.process }, { onMessage, onExit, onStderrLine: options.onStderrLine });
        return process;
      },
    });
    known = connection.era;
    return Object.assign(connection, { exited: (process as ServerProcess).exited, logging: {} });
  });

  async function connect(principal: string, prefer: Era, declared: JsonObject, hold: Hold): Promise<PooledConnection> {
    const key: ConnectionKey = { server: name, principal, prefer, capabilities: knownClientCapabilities(declared) };
    const lease = await pool.processes.lease(canonicalJson(key as unknown as JsonObject));
    hold(lease.release);
    return lease.process;
  }

  return {
    get era() {
      return known;
    },
    async modern(principal, capabilities, hold) {
      const connection = await connect(principal, 'modern', capabilities, hold);
      if (connection.era === 'modern') return connection.modernLeg();
      const leg = connection.legacyLeg('', knownClientCapabilities(capabilities));
      const binding = JSON.stringify([name, principal]);
      return createModernOverLegacyLeg({ leg, description: connection.description, logging: connection.logging, waiting, seal, binding, inputMs });
    },
    async open(principal, session, _initialize, hold) {
      const { description } = await connect(principal, 'legacy', session.clientCapabilities, hold);
      return { upstream: { kind: 'process' }, description };
    },
    async resume(session: LegacySession, hold) {
      if (session.upstream.kind !== 'process') {
        throw new UpstreamFailure('session_lost', `the session does not belong to server ${name} as it is configured now`);
      }
      const connection = await connect(session.principal, 'legacy', session.clientCapabilities, hold);
      if (connection.era === 'legacy') return connection.legacyLeg(session.nonce, session.clientCapabilities);
      return createLegacyOverModernLeg({ leg: connection.modernLeg(), inputMs, ...sessions.of(session) });
    },
    close: () => Promise.resolve(),
  };
}
