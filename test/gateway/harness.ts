import { randomBytes } from 'node:crypto';
import type { AuditEvent, AuditSink } from '../../lambda/audit';
import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { createGateway, type Gateway, type GatewayOptions, type ServerOptions } from '../../lambda/gateway';
import { principalId, type Authenticator, type Principal } from '../../lambda/identity';
import { MetaKey, type JsonObject } from '../../lambda/protocol';

export const PUBLIC_URL = 'http://127.0.0.1:8808';

export const EVERYTHING_ALLOWED = { all: 'permit(principal, action, resource);' };

/** Takes the word of the `Authorization` header for who is calling: these tests are about what follows. */
const trusting: Authenticator = {
  async authenticate({ headers }) {
    const id = headers.get('authorization')?.replace('Bearer ', '');
    if (id === undefined) return { ok: false, status: 401, challenge: 'Bearer', reason: 'no_token' };
    const principal: Principal = { type: 'User', id: principalId(id), groups: [], scopes: [], issuer: 'test' };
    return { ok: true, principal };
  },
};

export interface Harness {
  readonly gateway: Gateway;
  readonly events: AuditEvent[];
  /** `fetch` as a client of the gateway sees it; `principal` is who calls. */
  fetchAs(principal: string): typeof fetch;
  /** One modern request, parsed. */
  modern(server: string, method: string, params?: JsonObject, options?: ModernOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface ModernOptions {
  readonly principal?: string;
  readonly headers?: Record<string, string>;
  readonly capabilities?: JsonObject;
  readonly meta?: JsonObject;
  readonly id?: string | number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Every message of the answer; a single one where it was JSON. */
  readonly messages: readonly any[];
  /** The last message: the response. */
  readonly response: any;
}

const NAME_OF: Readonly<Record<string, string>> = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri' };

export function startHarness(servers: readonly ServerOptions[], options: Partial<GatewayOptions> & { policies?: Record<string, string> } = {}): Harness {
  const events: AuditEvent[] = [];
  const audit: AuditSink = { write: (event) => void events.push(event), flush: async () => {} };
  const gateway = createGateway({
    publicUrl: PUBLIC_URL,
    servers,
    authenticator: trusting,
    authorizationServers: ['https://issuer.example'],
    decisionPoint: createCedarDecisionPoint({ policies: options.policies ?? EVERYTHING_ALLOWED }),
    rateLimiter: { take: () => ({ allowed: true }) },
    audit,
    sealKey: randomBytes(32),
    digestKey: randomBytes(32),
    allowedHosts: ['127.0.0.1:8808'],
    allowedOrigins: ['https://app.example'],
    ...options,
  });

  const send = (request: Request) => gateway.fetch(request, { address: '127.0.0.1' });
  return {
    gateway,
    events,
    fetchAs: (principal) => async (input, init) => {
      const request = new Request(input, init);
      request.headers.set('authorization', `Bearer ${principal}`);
      request.headers.set('host', '127.0.0.1:8808');
      return untilAborted(send(request), request.signal);
    },
    async modern(server, method, params = {}, { principal = 'alice', headers = {}, capabilities = {}, meta = {}, id = 1 } = {}) {
      const _meta = { [MetaKey.PROTOCOL_VERSION]: '2026-07-28', [MetaKey.CLIENT_CAPABILITIES]: capabilities, ...meta };
      const name = params[NAME_OF[method] ?? ''];
      const request = new Request(`${PUBLIC_URL}/mcp/${server}`, {
        method: 'POST',
        headers: {
          host: '127.0.0.1:8808',
          authorization: `Bearer ${principal}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': method,
          ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
          ...headers,
        },
        body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }),
      });
      return readAnswer(await send(request));
    },
    close: () => gateway.close(),
  };
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const messages =
    response.headers.get('content-type') === 'text/event-stream'
      ? text.split('\n\n').flatMap((event) => event.split('\n').filter((line) => line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6))))
      : text === '' ? [] : [JSON.parse(text)];
  return { status: response.status, headers: response.headers, messages, response: messages.at(-1) };
}

/** As a connection does: when the client goes away it hears no more, and the gateway's stream is cancelled. */
async function untilAborted(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
  const gone = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  gone.catch(() => {});
  void answer.then((response) => (signal.aborted ? response.body?.cancel() : undefined));
  const response = await Promise.race([answer, gone]);
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await Promise.race([reader.read(), gone]);
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      } catch (reason) {
        await reader.cancel();
        controller.error(reason);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { status: response.status, headers: response.headers });
}
