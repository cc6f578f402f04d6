import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, type Gateway } from '../../lambda/gateway';
import { createAnonymousAuthenticator } from '../../lambda/identity';
import {
  createApprovalLog,
  createHeadVerifier,
  createRegistryView,
  createToolRegistry,
  keyIdOf,
  type ApprovalLog,
  type PublicHeadSigner,
  type RefreshedView,
  type ToolRegistry,
} from '../../lambda/integrity';
import { Header, LATEST_MODERN, MetaKey, type JsonObject, type JsonRpcRequest } from '../../lambda/protocol';
import type { DocumentStore } from '../../lambda/stores';

/** A registry of this process, with a key of its own or a given one. */
export interface Instance {
  readonly registry: ToolRegistry;
  readonly log: ApprovalLog;
  readonly view: RefreshedView;
}

export function createSigner(): PublicHeadSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { keyId: keyIdOf(publicKey), publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(), sign: async (bytes) => sign('sha256', bytes, privateKey) };
}

export function createInstance(store: DocumentStore, signer: PublicHeadSigner): Instance {
  const log = createApprovalLog({ store, signer, verify: createHeadVerifier([signer.publicKey]) });
  const registry = createToolRegistry({ store, log, policy: { twoPersons: 'never' }, scan: () => ({ verdict: 'approve', score: 0, findings: [] }) });
  return { registry, log, view: createRegistryView({ registry, log }) };
}

/** A server whose tools the bench changes under the gateway. */
export interface ChangingServer {
  readonly url: string;
  tools: readonly JsonObject[];
  /** What a call of a tool does; `announce` says that the tools changed, `answer` ends the call. */
  onCall(announce: () => void, answer: () => void): void;
  /** Calls of tools that reached it. */
  readonly calls: readonly string[];
  close(): Promise<void>;
}

export async function startChangingServer(): Promise<ChangingServer> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonRpcRequest;
      const own = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
      const say = (result: object) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { ...own, ...result } }));
      };
      if (method === 'server/discover') return say({ supportedVersions: [LATEST_MODERN], capabilities: { tools: {} } });
      if (method === 'tools/list') return say({ tools: changing.tools });
      calls.push(String(params?.name));
      response.setHeader('content-type', 'text/event-stream');
      const send = (message: object) => response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
      changing.onCall(
        () => send({ method: 'notifications/tools/list_changed' }),
        () => {
          send({ id, result: { ...own, content: [{ type: 'text', text: 'done' }] } });
          response.end();
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const changing: ChangingServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    tools: [],
    onCall: (_announce, answer) => answer(),
    calls,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return changing;
}

/** The gateway in front of one server, without anything that would decide besides the registry. */
export interface Stand {
  /** Names of the tools that are listed. */
  list(): Promise<string[]>;
  /** Whether the call of a tool brought a result. */
  call(name: string): Promise<boolean>;
  close(): Promise<void>;
}

const ORIGIN = 'http://bench.invalid';
const SERVER = 'server';

export function createStand(upstream: string, view: RefreshedView, catalogMs = 60_000): Stand {
  const gateway: Gateway = createGateway({
    publicUrl: ORIGIN,
    servers: [{ name: SERVER, upstream: { kind: 'http', url: upstream, headers: {} }, unknownArguments: 'allow' }],
    authenticator: createAnonymousAuthenticator({ id: 'bench' }),
    authorizationServers: [],
    decisionPoint: { decide: () => ({ effect: 'allow', policyIds: [] }), visible: (requests) => requests.map(() => true) },
    rateLimiter: { take: () => ({ allowed: true }) },
    audit: { write: () => undefined, flush: () => Promise.resolve() },
    registry: view,
    sealKey: randomBytes(32),
    digestKey: randomBytes(32),
    allowedHosts: [new URL(ORIGIN).host],
    allowedOrigins: [],
    limits: { catalogMs },
  });

  async function ask(method: string, params: JsonObject): Promise<JsonObject> {
    const _meta = { [MetaKey.PROTOCOL_VERSION]: LATEST_MODERN, [MetaKey.CLIENT_CAPABILITIES]: {} };
    const headers = {
      host: new URL(ORIGIN).host,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      [Header.PROTOCOL_VERSION]: LATEST_MODERN,
      [Header.METHOD]: method,
      ...(typeof params.name === 'string' ? { [Header.NAME]: params.name } : {}),
    };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } });
    const response = await gateway.fetch(new Request(`${ORIGIN}/mcp/${SERVER}`, { method: 'POST', headers, body }), {});
    const text = await response.text();
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    return JSON.parse(isStream ? text.split('\n').filter((line) => line.startsWith('data: {')).at(-1)!.slice('data: '.length) : text) as JsonObject;
  }

  return {
    async list() {
      const { result } = (await ask('tools/list', {})) as { result: { tools: { name: string }[] } };
      return result.tools.map(({ name }) => name);
    },
    async call(name) {
      return 'result' in (await ask('tools/call', { name, arguments: {} }));
    },
    close: () => gateway.close(),
  };
}

export const SUBJECT_SERVER = SERVER;
