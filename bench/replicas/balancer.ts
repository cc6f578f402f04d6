/** A load balancer as a zone or a cluster has one: each request to the next replica that is ready, streams piece by piece. */
import { createServer, request as forward, Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Balancer {
  readonly port: number;
  /** Requests that each replica was given, in the order of `ports`. */
  readonly given: readonly number[];
  /** Whether each replica was ready when it was last asked. */
  readonly ready: readonly boolean[];
  close(): Promise<void>;
}

/** Says of an answer that it is the balancer's own. */
export const NO_REPLICA = 'no replica';

/** Between two questions to a replica whether it is ready, milliseconds. */
const PROBE_MS = 100;
const PROBE_PATIENCE_MS = 2_000;
/** Questions without an answer, one after the other, after which a replica counts as not ready: a busy one is late, and that is all. */
const SILENCES = 3;

/**
 * Round robin by request. A replica is given requests while `/readyz` of it answers 200. A request that could not be handed over, because
 * nothing listens, goes to the next; one that was handed over is never sent twice.
 */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const given = ports.map(() => 0);
  const ready = ports.map(() => false);
  let turn = 0;

  function serve(incoming: IncomingMessage, outgoing: ServerResponse, triesLeft: number): void {
    const index = ports.map((_, step) => (turn + 1 + step) % ports.length).find((candidate) => ready[candidate]);
    if (index === undefined || triesLeft === 0) return void outgoing.writeHead(502, { 'retry-after': '1' }).end(NO_REPLICA);
    turn = index;
    const { method, url: path, headers, socket } = incoming;
    const forwarded = [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', ');
    const sent = forward({ agent, host: '127.0.0.1', port: ports[index], path, method, headers: { ...headers, 'x-forwarded-for': forwarded } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.once('error', () => outgoing.destroy());
    });
    sent.once('error', (error: NodeJS.ErrnoException) => {
      if (outgoing.headersSent) return void outgoing.destroy();
      if (error.code === 'ECONNREFUSED') {
        ready[index] = false;
        return serve(incoming, outgoing, triesLeft - 1);
      }
      outgoing.writeHead(502).end('the replica went away');
    });
    sent.once('socket', (connection) => {
      given[index] = (given[index] ?? 0) + 1;
      // The body only goes out on a connection that stands: before that, the request can still be another replica's.
      if (connection.connecting) connection.once('connect', () => incoming.pipe(sent));
      else incoming.pipe(sent);
    });
    outgoing.once('close', () => sent.destroy());
  }

  const probes = ports.map((port, index) => watch(port, (isReady) => (ready[index] = isReady)));
  const server = createServer((incoming, outgoing) => serve(incoming, outgoing, ports.length));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    given,
    ready,
    async close() {
      for (const stop of probes) stop();
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Asks again and again; a closed port and a refusal count at once, silence when it lasts. Answers how to stop. */
function watch(port: number, tell: (ready: boolean) => void): () => void {
  let silences = 0;
  let next: NodeJS.Timeout;
  const ask = () => {
    const asked = forward({ host: '127.0.0.1', port, path: '/readyz', agent: false, timeout: PROBE_PATIENCE_MS }, (answer) => {
      answer.resume();
      silences = 0;
      tell(answer.statusCode === 200);
    });
    asked.once('timeout', () => {
      silences += 1;
      asked.destroy();
    });
    asked.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' || silences >= SILENCES) tell(false);
    });
    asked.once('close', () => (next = setTimeout(ask, PROBE_MS))).end();
  };
  next = setTimeout(ask, 0);
  return () => clearTimeout(next);
}

/** Resolves when every replica is given requests. */
export async function untilReady({ ready }: Balancer): Promise<void> {
  while (!ready.every(Boolean)) await new Promise((resolve) => setTimeout(resolve, 20));
}
