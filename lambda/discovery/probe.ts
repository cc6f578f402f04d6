import { randomBytes } from 'node:crypto';
import type { DecisionPoint } from '../authorization';
import { createGateway, type Gateway, type ServerOptions } from '../gateway';
import { createAnonymousAuthenticator } from '../identity';
import { Header, LATEST_MODERN, MetaKey, isJsonObject, type JsonObject, type ToolDefinition } from '../protocol';

/** What a server offers, or in one sentence why it cannot be asked. */
export type ProbeResult =
  | { readonly ok: true; readonly tools: readonly ToolDefinition[]; /** What the server tells the model. */ readonly instructions?: string }
  | { readonly ok: false; readonly reason: string; /** The last line of the server's standard error. */ readonly lastWords?: string };

/** Servers with the tools they listed, and a way to let go of the processes that were started for it. */
export interface Probe {
  readonly results: ReadonlyMap<string, ProbeResult>;
  close(): Promise<void>;
}

const ORIGIN = 'http://probe.invalid';
const MAX_PAGES = 100;

const PERMIT_ALL: DecisionPoint = {
  decide: () => ({ effect: 'allow', policyIds: [] }),
  visible: (requests) => requests.map(() => true),
};

/**
 * Starts or reaches every server and lists its tools, over a gateway that nobody else can reach: what it finds is what
 * clients will find. Processes of the probe are never used for a client (MUL-6).
 */
export async function probeServers(servers: readonly ServerOptions[]): Promise<Probe> {
  const lastWords = new Map<string, string>();
  const gateway = createGateway({
    publicUrl: ORIGIN,
    // No token is at hand that could be bound or meet a requirement, and nobody else reaches this gateway.
    servers: servers.map((server) => ({ ...server, tokenRequirements: undefined, senderConstraint: undefined })),
    authenticator: createAnonymousAuthenticator({ id: 'probe' }),
    authorizationServers: [],
    decisionPoint: PERMIT_ALL,
    rateLimiter: { take: () => ({ allowed: true }) },
    audit: { write: () => undefined, flush: () => Promise.resolve() },
    sealKey: randomBytes(32),
    digestKey: randomBytes(32),
    allowedHosts: [new URL(ORIGIN).host],
    allowedOrigins: [],
    onServerOutput: (server, line) => void (line.trim() !== '' && lastWords.set(server, line)),
  });
  const results = await Promise.all(servers.map(({ name }) => listTools(gateway, name)));
  const withLastWords = results.map((result, index) => {
    const { name } = servers[index]!;
    return [name, result.ok ? result : { ...result, lastWords: lastWords.get(name) }] as const;
  });
  return { results: new Map(withLastWords), close: () => gateway.close() };
}

async function listTools(gateway: Gateway, server: string): Promise<ProbeResult> {
  const tools: ToolDefinition[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await ask(gateway, server, 'tools/list', cursor === undefined ? {} : { cursor });
    if (!isJsonObject(answer.result)) return { ok: false, reason: reasonOf(server, answer) };
    tools.push(...((answer.result.tools ?? []) as unknown as ToolDefinition[]));
    if (typeof answer.result.nextCursor !== 'string') break;
    cursor = answer.result.nextCursor;
  }
  const { result } = await ask(gateway, server, 'server/discover', {});
  const instructions = isJsonObject(result) && typeof result.instructions === 'string' ? { instructions: result.instructions } : {};
  return { ok: true, tools, ...instructions };
}

function reasonOf(server: string, answer: JsonObject): string {
  const message = isJsonObject(answer.error) ? answer.error.message : undefined;
  return typeof message === 'string' ? message : `The server "${server}" does not list its tools.`;
}

async function ask(gateway: Gateway, server: string, method: string, params: JsonObject): Promise<JsonObject> {
  const _meta = { [MetaKey.PROTOCOL_VERSION]: LATEST_MODERN, [MetaKey.CLIENT_CAPABILITIES]: {} };
  const request = new Request(`${ORIGIN}/mcp/${server}`, {
    method: 'POST',
    headers: {
      host: new URL(ORIGIN).host,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      [Header.PROTOCOL_VERSION]: LATEST_MODERN,
      [Header.METHOD]: method,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
  });
  return lastMessage(await gateway.fetch(request, { address: '127.0.0.1' }));
}

/** The response, which is the last message of a stream where the server streams. */
async function lastMessage(response: Response): Promise<JsonObject> {
  const text = await response.text();
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return JSON.parse(text) as JsonObject;
  const data = text.split('\n').filter((line) => line.startsWith('data:'));
  return JSON.parse(data.at(-1)?.slice('data:'.length) ?? '{}') as JsonObject;
}
