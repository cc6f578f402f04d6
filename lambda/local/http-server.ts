import { getRequestListener } from '@hono/node-server';
import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Cancellation, readIncoming, ServedMessage, type CancelSignal, type Gateway } from '../gateway';
import { urlHost, type ListenAddress, type TlsConfig } from './config';
import { StartError } from './start-error';

/** Limits of the HTTP server itself, against clients that are slow on purpose or many. Milliseconds and bytes. */
export interface HttpServerLimits {
  /** Until the headers of a request are in. @default 10000 */
  readonly headersMs: number;
  /** Until a request is in, body and all. Does not limit how long the answer takes. @default 30000 */
  readonly requestMs: number;
  /** How long an idle connection is kept for the next request. @default 60000 */
  readonly keepAliveMs: number;
  /** Of all headers of one request. @default 16384 */
  readonly maxHeaderBytes: number;
  /** Open connections. @default 1024 */
  readonly maxConnections: number;
  /** How long a stop waits before it cuts what is still open. @default 4000 */
  readonly stopMs: number;
}

export const DEFAULT_HTTP_SERVER_LIMITS: HttpServerLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 60_000,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 1024,
  stopMs: 4_000,
};

/** A listening HTTP server that answers 503 until it is given a gateway. */
export interface HttpServer {
  /** What it listens on; the port is the real one where 0 was asked for. */
  readonly address: ListenAddress;
  serve(gateway: Pick<Gateway, 'fetch'>): void;
  /** Takes no more connections, lets `endStreams` end what is open, cuts the rest after `stopMs`. */
  stop(endStreams?: () => Promise<void>): Promise<void>;
}

/**
 * Listens on `address`, hands every request to the gateway as a Web-standard Request, and tells it when the client goes
 * away. Streams are passed on piece by piece, without delay.
 *
 * @param tls @default - plain HTTP
 * @throws StartError when the address is taken, not of this machine, or not permitted, or the certificate cannot be used.
 */
export async function startHttpServer(address: ListenAddress, limits: Partial<HttpServerLimits> = {}, tls?: TlsConfig): Promise<HttpServer> {
  const { stopMs, ...bounds } = { ...DEFAULT_HTTP_SERVER_LIMITS, ...limits };
  let gateway: Pick<Gateway, 'fetch'> | undefined;
  const listener = getRequestListener(
    (request, env) => {
      const { incoming, outgoing } = env as { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };
      const clientCertificate = tls && certificateOf(incoming.socket as TLSSocket, tls);
      const { headers, readBytes } = readIncoming(incoming);
      return gateway?.fetch(request, { headers, readBytes, address: peerAddress(incoming), clientCertificate, disconnected: disconnection(outgoing) }) ?? startingAnswer();
    },
    { errorHandler: () => new Response(null, { status: 400 }) },
  );
  const server = openServer(
    {
      IncomingMessage: ServedMessage,
      headersTimeout: bounds.headersMs,
      requestTimeout: bounds.requestMs,
      connectionsCheckingInterval: Math.min(1_000, bounds.headersMs),
      keepAliveTimeout: bounds.keepAliveMs,
      maxHeaderSize: bounds.maxHeaderBytes,
    },
    tls,
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  server.maxConnections = bounds.maxConnections;
  const bound = await listen(server, address);
  return {
    address: bound,
    serve: (served) => {
      gateway = served;
    },
    stop: (endStreams) => stop(server, stopMs, endStreams),
  };
}

function openServer(options: ServerOptions, tls: TlsConfig | undefined, listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void): Server {
  if (tls === undefined) return createServer(options, listener);
  const { cert, key, clientCa } = tls;
  try {
    // Whether a client's certificate is asked for is up to us, whether it shows one up to the client; tokens say which one they need.
    return createTlsServer({ ...options, cert, key, ca: clientCa, minVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: false }, listener);
  } catch {
    throw new StartError('the certificate or the key of "tls" cannot be used, expected PEM files that belong together');
  }
}

const certificates = new WeakMap<TLSSocket, string | undefined>();

/** The digest of the client's certificate, once a connection; the handshake has proved that the client holds its key. */
function certificateOf(socket: TLSSocket, { clientCa }: TlsConfig): string | undefined {
  if (certificates.has(socket)) return certificates.get(socket);
  const certificate = clientCa === undefined || socket.authorized ? socket.getPeerX509Certificate() : undefined;
  const digest = certificate && hash('sha256', certificate.raw, 'base64url');
  certificates.set(socket, digest);
  return digest;
}

function startingAnswer(): Response {
  return new Response(null, { status: 503, headers: { 'retry-after': '1' } });
}

/** IPv4 addresses of a dual-stack socket lose their IPv6 prefix: limits and policies know one form. */
function peerAddress(incoming: IncomingMessage): string | undefined {
  const { remoteAddress } = incoming.socket;
  return remoteAddress?.startsWith('::ffff:') === true ? remoteAddress.replace(/^::ffff:(?=\d+\.)/, '') : remoteAddress;
}

/** Aborts when the connection closes before all of the answer is written. */
function disconnection(outgoing: ServerResponse): CancelSignal {
  const disconnected = new Cancellation();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) disconnected.abort();
  });
  return disconnected;
}

function listen(server: Server, { host, port }: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new StartError(explainListenError(error, { host, port }))));
    server.listen({ host, port }, () => resolve({ host, port: (server.address() as AddressInfo).port }));
  });
}

function explainListenError(error: NodeJS.ErrnoException, address: ListenAddress): string {
  const place = urlHost(address);
  if (error.code === 'EADDRINUSE') return `${place} is taken by another program: stop it, or choose another port with --listen ${urlHost({ ...address, port: 0 })}`;
  if (error.code === 'EACCES') return `${place} needs more rights than this user has: choose a port above 1023 with --listen`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') return `${address.host} is not an address of this machine: choose another one with --listen`;
  return `cannot listen on ${place} (${error.code ?? error.message})`;
}

async function stop(server: Server, stopMs: number, endStreams: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), stopMs);
  try {
    await endStreams();
    server.closeIdleConnections();
    await closed;
  } finally {
    clearTimeout(cut);
    server.closeAllConnections();
  }
}
