/** MCP servers behind the gateway that write down all that reaches them. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { at } from './loose';

/** What reached a server, as it came. */
export interface Arrival {
  readonly server: string;
  readonly httpMethod: string;
  readonly headers: IncomingHttpHeaders;
  /** The body, or the line over stdio. */
  readonly text: string;
  /** The server did not know the session, so it has not acted on the message. */
  readonly refused: boolean;
  /** The session that the server opened for it. */
  readonly opened?: string;
  /** What the server has written of its answer, piece by piece. */
  readonly said?: readonly string[];
}

export interface FakeServer {
  readonly url: string;
  /** Answers what comes next in place of the usual; `undefined` for the usual. */
  script: ((message: unknown, response: ServerResponse) => boolean) | undefined;
  close(): Promise<void>;
}

const text = (maxLength: number) => ({ type: 'string', maxLength });

/** `write` is what the policies are about, see policies.ts. */
export const TOOLS = [
  { name: 'echo', inputSchema: { type: 'object', properties: { text: text(100_000), count: { type: 'integer' }, list: { type: 'array', items: {} }, more: { type: 'object' } } } },
  { name: 'write', inputSchema: { type: 'object', properties: { path: text(200), text: text(1_000), count: { type: 'integer', minimum: 0, maximum: 100 } }, required: ['path'] } },
  { name: 'open', inputSchema: { type: 'object', properties: { path: text(200) }, additionalProperties: true } },
  { name: 'ask', inputSchema: { type: 'object', properties: { text: text(1_000) } } },
  { name: 'routed', inputSchema: { type: 'object', properties: { region: { ...text(50), 'x-mcp-header': 'Region' }, level: { type: 'integer', 'x-mcp-header': 'Level' } } } },
  { name: 'secret', inputSchema: { type: 'object', properties: { text: text(100) } } },
];

const QUESTION = { method: 'elicitation/create', params: { message: 'Sure?', requestedSchema: { type: 'object', properties: { sure: { type: 'boolean' } } } } };

const RESULTS: Readonly<Record<string, object>> = {
  'tools/list': { tools: TOOLS },
  'prompts/list': { prompts: [{ name: 'greet' }, { name: 'hidden' }] },
  'prompts/get': { messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }] },
  'resources/list': { resources: [{ uri: 'file:///home/a', name: 'a' }, { uri: 'file:///secret/b', name: 'b' }] },
  'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'file:///home/{name}', name: 't' }] },
  'resources/read': { contents: [{ uri: 'file:///home/a', text: 'content' }] },
  'completion/complete': { completion: { values: ['x'] } },
  'tools/call': { content: [{ type: 'text', text: 'done' }] },
};
const CACHED = { ttlMs: 1_000, cacheScope: 'public' };
const CAPABILITIES = { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {}, logging: {} };

/** What a server of 2026-07-28 answers. */
export function modernAnswer(message: unknown): object {
  const method = String(at(message, 'method'));
  if (method === 'server/discover') return { result: { ...CACHED, resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: CAPABILITIES } };
  if (method === 'tools/call' && at(message, 'params', 'name') === 'ask' && at(message, 'params', 'inputResponses') === undefined) {
    return { result: { resultType: 'input_required', inputRequests: { sure: QUESTION }, requestState: 'state-of-the-server' } };
  }
  const result = RESULTS[method];
  if (result === undefined) return { error: { code: -32601, message: 'Method not found' } };
  return { result: { ...(/list$|read$/.test(method) ? CACHED : {}), ...result, resultType: 'complete' } };
}

/** What a server of 2025-11-25 and before answers. */
export function legacyAnswer(message: unknown): object {
  const method = String(at(message, 'method'));
  if (method === 'initialize') {
    return { result: { protocolVersion: at(message, 'params', 'protocolVersion') ?? '2025-11-25', capabilities: CAPABILITIES, serverInfo: { name: 'fake', version: '1' } } };
  }
  if (['ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe'].includes(method)) return { result: {} };
  const result = RESULTS[method];
  return result === undefined ? { error: { code: -32601, message: 'Method not found' } } : { result };
}

export function startFakeServer(name: string, era: 'modern' | 'legacy', arrivals: Arrival[]): Promise<FakeServer> {
  return listen(name, arrivals, era === 'modern' ? answerModern : createLegacyAnswerer());
}

type Answerer = (message: unknown, request: IncomingMessage, response: ServerResponse) => void;

const sendJson = (response: ServerResponse, status: number, body: object): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const event = (message: object) => `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;

const answerModern: Answerer = (message, request, response) => {
  if (request.method !== 'POST') return void response.writeHead(405).end();
  if (at(message, 'method') === 'subscriptions/listen') {
    const _meta = { 'io.modelcontextprotocol/subscriptionId': at(message, 'id') };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(event({ method: 'notifications/subscriptions/acknowledged', params: { _meta, notifications: {} } }));
    return void response.end(event({ id: at(message, 'id'), result: { resultType: 'complete', _meta } }));
  }
  const answer = modernAnswer(message);
  sendJson(response, 'error' in answer ? 404 : 200, { jsonrpc: '2.0', id: at(message, 'id'), ...answer });
};

function createLegacyAnswerer(): Answerer {
  const sessions = new Set<string>();
  const asked = new Map<string, { readonly response: ServerResponse; readonly id: unknown }>();
  let last = 0;
  return (message, request, response) => {
    const session = String(request.headers['mcp-session-id']);
    if (at(message, 'method') === 'initialize') {
      const id = `session-${(last += 1)}`;
      sessions.add(id);
      response.setHeader('mcp-session-id', id);
      return sendJson(response, 200, { jsonrpc: '2.0', id: at(message, 'id'), ...legacyAnswer(message) });
    }
    if (!sessions.has(session)) return sendJson(response, request.headers['mcp-session-id'] === undefined ? 400 : 404, { jsonrpc: '2.0', error: { code: -32600, message: 'Session not found' } });
    if (request.method === 'DELETE') {
      sessions.delete(session);
      return void response.writeHead(204).end();
    }
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return void response.end(event({ method: 'notifications/tools/list_changed' }));
    }
    if (at(message, 'method') === 'tools/call' && at(message, 'params', 'name') === 'ask') {
      const question = `question-${(last += 1)}`;
      asked.set(question, { response, id: at(message, 'id') });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return void response.write(event({ id: question, ...QUESTION }));
    }
    if (at(message, 'id') === undefined || at(message, 'method') === undefined) {
      const open = asked.get(String(at(message, 'id')));
      asked.delete(String(at(message, 'id')));
      open?.response.end(event({ id: open.id, ...legacyAnswer({ method: 'tools/call' }) }));
      return void response.writeHead(202).end();
    }
    sendJson(response, 200, { jsonrpc: '2.0', id: at(message, 'id'), ...legacyAnswer(message) });
  };
}

/** What is written of the answer from now on. */
function overhear(response: ServerResponse): readonly string[] {
  const said: string[] = [];
  for (const method of ['write', 'end'] as const) {
    const own = response[method].bind(response) as (...given: unknown[]) => unknown;
    Object.assign(response, {
      [method](...given: unknown[]) {
        const [chunk] = given;
        if (typeof chunk === 'string') said.push(chunk);
        else if (chunk instanceof Uint8Array) said.push(Buffer.from(chunk).toString('latin1'));
        return own(...given);
      },
    });
  }
  return said;
}

async function listen(name: string, arrivals: Arrival[], answer: Answerer): Promise<FakeServer> {
  const fake: { script: FakeServer['script'] } = { script: undefined };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const message: unknown = text === '' ? undefined : JSON.parse(text);
      const said = overhear(response);
      const scripted = fake.script?.(message, response) ?? false;
      if (!scripted) answer(message, request, response);
      const refused = response.statusCode === 404 && request.headers['mcp-session-id'] !== undefined;
      const opened = at(message, 'method') === 'initialize' ? response.getHeader('mcp-session-id') : undefined;
      arrivals.push({ server: name, httpMethod: request.method ?? '', headers: request.headers, text, refused, said, ...(opened === undefined ? {} : { opened: String(opened) }) });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(fake, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
