import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { Level } from 'level';
import { createDynamoDbStore, ensureTable } from './aws-dynamodb-store';
import type { DocumentStore } from './document-store';

/** Documents of one machine. */
export interface LocalTable {
  readonly store: DocumentStore;
  close(): Promise<void>;
}

const TABLE = 'mcp-zero-trust';
/** How long another process may take to begin or to end its work with the folder, milliseconds. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 50;

/** Where the process that holds the folder serves it, and the word that lets others in. */
interface Endpoint {
  readonly port: number;
  readonly secret: string;
}

/**
 * The documents in `folder`, over DynamoDB's own protocol. The first process to come serves the folder to the others on a
 * loopback port, so that commands work while a gateway runs; only who can read the folder learns the secret that the port
 * asks for.
 * @throws Error when the folder is held by a process that does not answer
 */
export async function openLocalTable(folder: string): Promise<LocalTable> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(RETRY_MS)) {
    const lock = await takeLock(folder);
    if (lock !== undefined) return serveFolder(folder, lock);
    const endpoint = readEndpoint(folder);
    if (endpoint !== undefined && (await answers(endpoint.port))) return openTable(endpoint, () => Promise.resolve());
  }
  throw new Error(`${folder} is in use by another process that does not answer`);
}

/** Documents in memory, for tests and benches. */
export async function openMemoryTable(): Promise<LocalTable> {
  const { endpoint, close } = await serveTable(undefined);
  return openTable(endpoint, close);
}

/** The lock ends with the process, however that ends. */
async function takeLock(folder: string): Promise<Level | undefined> {
  const lock = new Level(join(folder, 'lock'));
  try {
    await lock.open();
    return lock;
  } catch (error) {
    if (((error as Error).cause as { code?: string } | undefined)?.code === 'LEVEL_LOCKED') return undefined;
    throw error;
  }
}

async function serveFolder(folder: string, lock: Level): Promise<LocalTable> {
  const file = endpointFile(folder);
  const { endpoint, close } = await serveTable(join(folder, 'table'));
  writeFileSync(file, JSON.stringify(endpoint), { mode: 0o600 });
  return openTable(endpoint, async () => {
    rmSync(file, { force: true });
    await close();
    await lock.close();
  });
}

/** Starts dynalite behind a check of the secret: it believes every signature. */
async function serveTable(path: string | undefined): Promise<{ readonly endpoint: Endpoint; close(): Promise<void> }> {
  const secret = randomBytes(16).toString('hex');
  const server = dynalite({ path, createTableMs: 0 });
  const [answer] = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  const unanswered = new Set<ServerResponse>();
  let isClosing = false;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (isClosing || !knows(request, secret)) return void response.writeHead(isClosing ? 503 : 403).end();
    unanswered.add(response);
    response.once('close', () => unanswered.delete(response));
    answer?.(request, response);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: { port, secret },
    async close() {
      isClosing = true;
      // dynalite closes its database first, and a request that is still at work with it would end the process.
      for (const response of unanswered) if (!response.closed) await once(response, 'close');
      await stop(server);
    },
  };
}

/** The access key id of the signature carries the secret. */
function knows(request: IncomingMessage, secret: string): boolean {
  const given = /Credential=([^/]*)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
  return given.length === secret.length && timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(secret, 'latin1'));
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await closed;
}

async function openTable({ port, secret }: Endpoint, close: () => Promise<void>): Promise<LocalTable> {
  // A warning about what AWS will support is none for the user of a local file.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'local',
    credentials: { accessKeyId: secret, secretAccessKey: 'unused' },
  });
  await ensureTable(client, TABLE);
  return {
    store: createDynamoDbStore(client, TABLE),
    close: async () => {
      client.destroy();
      await close();
    },
  };
}

function endpointFile(folder: string): string {
  return join(folder, 'endpoint.json');
}

function readEndpoint(folder: string): Endpoint | undefined {
  try {
    return JSON.parse(readFileSync(endpointFile(folder), 'utf8')) as Endpoint;
  } catch {
    return undefined;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
