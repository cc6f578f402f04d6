/** Clients that call without a pause, one call at a time, and write down what came of every call. */
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Client } from 'undici';
import { SERVERS } from './tools';

/** What is asked for: `plain` calls may be made, and so may `session` (MCP 2025-11-25) and `stream`; the others may not. */
export const KINDS = ['plain', 'session', 'stream', 'forbidden', 'hidden', 'anonymous'] as const;
export type Kind = (typeof KINDS)[number];

/**
 * `served`: by the server. `denied`: by a policy, or for want of a token. `unavailable`: refused because something is away.
 * `unrecorded`: refused because the gateway could not have recorded it. `lost`: no answer of the gateway.
 */
export type Outcome = 'served' | 'denied' | 'unavailable' | 'unrecorded' | 'lost';

export interface CallRecord {
  readonly trace: string;
  readonly kind: Kind;
  readonly outcome: Outcome;
  /** Milliseconds on the clock of `performance`. */
  readonly began: number;
  readonly ended: number;
  /** Why it was not what it should be. */
  readonly why?: string;
}

export interface LoadOptions {
  readonly port: number;
  /** URL of a server, for its tokens' audience. */
  readonly tokens: readonly string[];
  readonly clients: number;
  readonly timeoutMs: number;
}

export interface Load {
  readonly calls: readonly CallRecord[];
  /** No new calls; resolves when the last has its answer. */
  stop(): Promise<void>;
}

const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';
const clientInfo = { name: 'bench', version: '1.0.0' };
const META = { 'io.modelcontextprotocol/protocolVersion': MODERN, 'io.modelcontextprotocol/clientInfo': clientInfo, 'io.modelcontextprotocol/clientCapabilities': {} };
/** The gateway counts by address and by principal, too: each client has several of both. */
const ADDRESSES = 5;
const PRINCIPALS = 16;
const BODY_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** Whether the outcome is what the policies say when nothing is wrong. */
export function isAsItShould({ kind, outcome }: CallRecord): boolean {
  return outcome === (kind === 'plain' || kind === 'session' || kind === 'stream' ? 'served' : 'denied');
}

export function startLoad({ port, tokens, clients, timeoutMs }: LoadOptions): Load {
  const calls: CallRecord[] = [];
  let stopping = false;
  const workers = Array.from({ length: clients }, (_, index) => work(index));

  async function work(index: number): Promise<void> {
    const addresses = Array.from({ length: ADDRESSES }, (_, place) => new Client(`http://127.0.0.1:${port}`, { localAddress: `127.0.${place + 1}.${index + 1}`, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connectTimeout: timeoutMs }));
    const conversations = addresses.map((address) => createConversation(address, index, tokens));
    for (let turn = 0; !stopping; turn += 1) calls.push(await conversations[turn % ADDRESSES]!(kindOf(index, turn), turn));
    await Promise.all(addresses.map((address) => address.destroy()));
  }

  return {
    calls,
    async stop() {
      stopping = true;
      await Promise.all(workers);
    },
  };
}

/** One client streams, two keep sessions, the others call at random what they may and what they may not. */
function kindOf(client: number, turn: number): Kind {
  if (client === 0) return 'stream';
  if (client <= 2) return 'session';
  const place = turn % 20;
  return place === 3 || place === 9 ? 'forbidden' : place === 14 ? 'hidden' : place === 17 ? 'anonymous' : 'plain';
}

function createConversation(client: Client, index: number, tokens: readonly string[]) {
  const sessions = new Map<string, string>();

  async function post(path: string, headers: Readonly<Record<string, string>>, body: object) {
    const answer = await client.request({ method: 'POST', path, headers: { ...BODY_HEADERS, ...headers }, body: JSON.stringify({ jsonrpc: '2.0', ...body }) });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  async function session(path: string, authorization: string, traceparent: string): Promise<string | undefined> {
    const key = `${path} ${authorization}`;
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo };
    const opened = await post(path, { authorization, traceparent }, { id: 0, method: 'initialize', params });
    const id = opened.headers['mcp-session-id'];
    if (typeof id === 'string') sessions.set(key, id);
    return typeof id === 'string' ? id : undefined;
  }

  return async (kind: Kind, turn: number): Promise<CallRecord> => {
    const trace = randomBytes(16).toString('hex');
    const traceparent = `00-${trace}-0123456789abcdef-01`;
    const path = `/mcp/${SERVERS[turn % SERVERS.length]}`;
    const authorization = `Bearer ${tokens[(index * PRINCIPALS + (turn % PRINCIPALS)) % tokens.length]}`;
    const message = `${kind} ${index} ${turn}`;
    const name = kind === 'stream' ? 'watch' : kind === 'hidden' ? 'erase' : 'echo';
    const began = performance.now();
    const record = (outcome: Outcome, why?: string): CallRecord => ({ trace, kind, outcome, began, ended: performance.now(), why });
    try {
      if (kind === 'session') {
        const id = await session(path, authorization, `00-${randomBytes(16).toString('hex')}-0123456789abcdef-01`);
        if (id === undefined) return record('lost', 'no session could be opened');
        const answer = await post(path, { authorization, traceparent, 'mcp-session-id': id, 'mcp-protocol-version': LEGACY }, { id: turn, method: 'tools/call', params: { name, arguments: { message } } });
        if (answer.status === 404) sessions.delete(`${path} ${authorization}`);
        return judge(answer, message, record);
      }
      const headers = { traceparent, 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': name, ...(kind === 'anonymous' ? {} : { authorization }) };
      return judge(await post(path, headers, { id: turn, method: 'tools/call', params: { name, arguments: { message }, _meta: { ...META, progressToken: turn } } }), message, record);
    } catch (error) {
      return record('lost', (error as Error).message);
    }
  };
}

const UNAVAILABLE = /"code":-(31503|31502|31504)\b/;
const DENIED = /"code":(-31403|-32602)\b/;

function judge({ status, text }: { readonly status: number; readonly text: string }, message: string, record: (outcome: Outcome, why?: string) => CallRecord): CallRecord {
  if (status === 502 || text === '') return status === 401 ? record('denied') : record('lost', `${status} ${text.slice(0, 100)}`);
  if (status === 503 && text.includes('cannot record')) return record('unrecorded', text);
  if (text.includes('"result"') && text.includes(JSON.stringify(message))) return record('served');
  if (status === 401 || DENIED.test(text)) return record('denied', text.slice(0, 300));
  if (status === 429 || UNAVAILABLE.test(text)) return record('unavailable', `${status} ${text.slice(0, 300)}`);
  return record('lost', `${status} ${text.slice(0, 300)}`);
}
