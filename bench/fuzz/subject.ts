/** The gateway under test, with everything around it that watches: decisions, audit events, what reached the servers. */
import type { AuditEvent } from '../../lambda/audit';
import type { AuthorizationRequest, DecisionPoint, Operation } from '../../lambda/authorization';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { createGateway, type Gateway, type GatewayOptions, type ServerOptions } from '../../lambda/gateway';
import { principalId, type Authenticator, type Principal } from '../../lambda/identity';
import type { Arrival } from './fake-servers';
import { POLICIES, PRINCIPALS } from './policies';
import { noteOpened } from './sessions';

export const HOST = '127.0.0.1:8808';
export const ORIGIN = `http://${HOST}`;

/** A decision that allowed something, with the arguments as they were at that moment. */
export interface Allowed {
  readonly principal: string;
  readonly server: string;
  readonly operation: Operation;
  readonly argumentsJson: string;
  uses: number;
  /** Sessions of the gateway's own in which it opened a stream for this. */
  readonly streams: Set<string>;
}

/** A client's own request for the stream of what a server says by itself. */
export interface Listening {
  readonly server: string;
  readonly lastEventId: string | undefined;
  uses: number;
}

/** Who a session at a server was opened for. */
export interface Opened {
  /** One, unless the requests of several were on their way at the same time. */
  readonly principals: ReadonlySet<string>;
  /** By the gateway in its own name, for modern clients of a legacy server. */
  readonly isGateways: boolean;
}

/** What happened since `begin`. */
export interface Observed {
  /** Requests that the gateway was handed. */
  calls: number;
  readonly events: AuditEvent[];
  readonly allowed: Allowed[];
  readonly arrivals: Arrival[];
  readonly listenings: Listening[];
  /** Since the beginning, by server and session. */
  readonly sessions: Map<string, Opened>;
  /** Errors that nobody caught, policies that could not be asked, words on standard error. */
  readonly faults: string[];
}

export interface Subject {
  readonly gateway: Gateway;
  readonly observed: Observed;
  /**
   * Forgets what was observed.
   *
   * @param keep decisions of the last case that nothing has arrived for: it may be on its way still, where connections are cut
   */
  begin(keep?: 'open decisions'): void;
  /** Waits until every request is over: has its audit events. Gives up after `ms`. */
  settle(ms: number): Promise<void>;
  /** Moves the gateway's clocks: that of the day, and the one by which processes rest that ended. */
  advance(ms: number): void;
  close(): Promise<void>;
}

/** `Authorization: Bearer <principal>.<anything>`: who is calling. The anything is a secret that must be seen nowhere. */
const authenticator: Authenticator = {
  async authenticate({ headers }) {
    const [, name] = /^Bearer (\w+)\.\S*$/.exec(headers.get('authorization') ?? '') ?? [];
    const known = PRINCIPALS.find((principal) => principal === name);
    if (known === undefined) return { ok: false, status: 401, challenge: 'Bearer', reason: 'no_token' };
    const principal: Principal = { type: 'User', id: principalId(known), groups: [], scopes: [], issuer: 'fuzz' };
    return { ok: true, principal };
  },
};

export function createSubject(servers: readonly ServerOptions[], arrivals: Arrival[], options: Partial<GatewayOptions> = {}): Subject {
  const observed: Observed = { calls: 0, events: [], allowed: [], arrivals, listenings: [], sessions: new Map(), faults: [] };
  let now = Date.now();
  /** Decisions that are left from the case before. */
  let before = 0;
  const recorder = watch(observed.faults);
  const monotonic = Object.getOwnPropertyDescriptor(performance, 'now');
  const elapsed = performance.now.bind(performance);
  let moved = 0;
  performance.now = () => elapsed() + moved;
  const gateway = createGateway({
    publicUrl: ORIGIN,
    servers,
    authenticator,
    authorizationServers: ['https://issuer.example'],
    decisionPoint: recording(createCedarDecisionPoint({ policies: POLICIES }), observed),
    rateLimiter: { take: () => ({ allowed: true }) },
    audit: { write: (event) => void observed.events.push(event), flush: async () => {} },
    sealKey: new Uint8Array(32).fill(7),
    digestKey: new Uint8Array(32).fill(9),
    allowedHosts: [HOST],
    allowedOrigins: ['https://app.example'],
    clock: () => now,
    ...options,
  });
  return {
    observed,
    gateway: {
      ...gateway,
      fetch: (request, peer) => {
        const { pathname } = new URL(request.url);
        // Whether it is alive is asked too often to be recorded.
        if (request.method !== 'GET' || pathname !== '/healthz') observed.calls += 1;
        if (request.method === 'GET') observed.listenings.push({ server: pathname.replace('/mcp/', ''), lastEventId: request.headers.get('last-event-id') ?? undefined, uses: 0 });
        return gateway.fetch(request, peer);
      },
    },
    begin(keep) {
      for (const arrival of observed.arrivals) noteOpened(arrival, observed);
      observed.calls = 0;
      const open = keep === undefined ? [] : observed.allowed.slice(before).filter(({ uses }) => uses === 0);
      for (const list of [observed.events, observed.allowed, observed.arrivals, observed.listenings, observed.faults]) list.length = 0;
      before = observed.allowed.push(...open);
    },
    async settle(ms) {
      const end = performance.now() + ms;
      while (httpEvents(observed).length < observed.calls && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    advance(ms) {
      now += ms;
      moved += ms;
    },
    async close() {
      recorder.stop();
      if (monotonic === undefined) Reflect.deleteProperty(performance, 'now');
      else Object.defineProperty(performance, 'now', monotonic);
      await gateway.close();
    },
  };
}

/** The events of HTTP requests; those of the messages in a batch, which share its trace, left out. */
export function httpEvents({ events }: Observed): readonly AuditEvent[] {
  const batches = new Set(events.filter(({ method }) => method === 'batch').map(({ traceId }) => traceId));
  return events.filter(({ method, traceId }) => method === 'batch' || !batches.has(traceId));
}

function recording(inner: DecisionPoint, observed: Observed): DecisionPoint {
  const faulty = async <T>(what: string, ask: () => T | Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      observed.faults.push(`the decision point threw when asked ${what}: ${describe(error)}`);
      throw error;
    }
  };
  return {
    decide: (request) =>
      faulty('to decide', async () => {
        const decision = await inner.decide(request);
        if (decision.effect === 'allow') observed.allowed.push({ principal: request.principal.id, server: request.server, operation: request.operation, argumentsJson: argumentsOf(request), uses: 0, streams: new Set() });
        return decision;
      }),
    visible: (requests) => faulty('what is visible', () => inner.visible(requests)),
  };
}

function argumentsOf({ operation }: AuthorizationRequest): string {
  return 'arguments' in operation ? JSON.stringify(operation.arguments) : '{}';
}

/** Collects what a program should never see: errors nobody caught, and output on standard error. */
function watch(faults: string[]): { stop(): void } {
  const onError = (error: unknown) => void faults.push(`nobody caught: ${describe(error)}`);
  const write = process.stderr.write.bind(process.stderr);
  process.on('unhandledRejection', onError).on('uncaughtException', onError);
  process.stderr.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
    faults.push(`standard error: ${String(chunk).slice(0, 500)}`);
    return write(chunk, ...rest);
  }) as typeof process.stderr.write;
  return {
    stop() {
      process.off('unhandledRejection', onError).off('uncaughtException', onError);
      process.stderr.write = write;
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
