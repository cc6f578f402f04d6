import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { readIncoming, ServedMessage, type Gateway } from '../gateway';
import { clientAddress } from './client-address';
import type { ServerCertificate } from './ephemeral-certificate';

/** The gateway as a container has it. */
export interface ServedGateway extends Pick<Gateway, 'fetch' | 'close'> {
  /** To be called after an answer: records what was seen of tools. */
  settle?(): Promise<void>;
}

export interface ContainerServerOptions {
  readonly port: number;
  /** @default - plain HTTP */
  readonly certificate?: ServerCertificate;
  readonly proxies: number;
  readonly leaveMs: number;
  readonly drainMs: number;
  /** Hears of what failed in the background. */
  readonly onError: (error: unknown) => void;
}

/** A server that says of itself whether it lives (`/healthz`) and whether it takes requests (`/readyz`). */
export interface ContainerServer {
  readonly port: number;
  /** From now on requests are served. */
  serve(gateway: ServedGateway): void;
  /**
   * Ends without losing a request: not ready any more, but serving, until the load balancer has noticed; then no new connections, and time for
   * what is open; then the gateway ends the streams that are left.
   */
  drain(): Promise<void>;
}

/** Against clients that are slow on purpose or many. The load balancer in front keeps connections for up to five minutes. */
const SETTINGS = { IncomingMessage: ServedMessage, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 305_000, maxHeaderSize: 16 * 1024, connectionsCheckingInterval: 1_000 };
const MAX_CONNECTIONS = 4_096;
/** How long streams may take to end after the gateway ended them, milliseconds. */
const STREAM_END_MS = 2_000;

/** Listens on all addresses of the container. Until it is given a gateway it answers 503. */
export async function startContainerServer(options: ContainerServerOptions): Promise<ContainerServer> {
  let gateway: ServedGateway | undefined;
  let drained: Promise<void> | undefined;

  const listener = getRequestListener(
    (request, env) => {
      const { incoming } = env as { readonly incoming: IncomingMessage };
      const { headers, readBytes } = readIncoming(incoming);
      const address = clientAddress(headers.get('x-forwarded-for') ?? undefined, options.proxies, incoming.socket.remoteAddress);
      return gateway!.fetch(request, { headers, readBytes, address });
    },
    { errorHandler: () => new Response(null, { status: 400 }) },
  );
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (drained) outgoing.setHeader('connection', 'close');
    if (incoming.url === '/healthz') return answer(outgoing, 200, 'alive');
    if (incoming.url === '/readyz') return answer(outgoing, gateway && !drained ? 200 : 503, gateway && !drained ? 'ready' : 'not ready');
    if (!gateway) return answer(outgoing.setHeader('retry-after', '1'), 503, 'starting');
    outgoing.once('close', () => void gateway?.settle?.().catch(options.onError));
    void listener(incoming, outgoing);
  };
  const { certificate } = options;
  const server = certificate ? createTlsServer({ ...SETTINGS, ...certificate, minVersion: 'TLSv1.2' }, handle) : createHttpServer(SETTINGS, handle);
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options.port);

  return {
    port: (server.address() as AddressInfo).port,
    serve: (served) => {
      gateway = served;
    },
    drain: () => (drained ??= end()),
  };

  async function end(): Promise<void> {
    await wait(options.leaveMs);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const idle = setInterval(() => server.closeIdleConnections(), 100);
    try {
      await within(options.drainMs, closed);
      await gateway?.close();
      await within(STREAM_END_MS, closed);
    } finally {
      clearInterval(idle);
      server.closeAllConnections();
    }
  }
}

function answer(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(text);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '0.0.0.0' }, resolve);
  });
}

/** Waits for something, but not longer. */
async function within(milliseconds: number, something: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([something, new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)))]);
  clearTimeout(timer);
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
