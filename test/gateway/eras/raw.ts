import { PUBLIC_URL, readAnswer, type Answer, type Harness } from '../harness';

/** A legacy client that sends exactly what a test says. */
export interface RawSession {
  readonly id: string;
  /** One message or a batch. */
  post(body: object, options?: RawOptions): Promise<Answer>;
  /** As `post`, unread. */
  send(body: object, options?: RawOptions): Promise<Response>;
  call(tool: string, args?: object, id?: string | number): Promise<Answer>;
  stream(headers?: Record<string, string>): Promise<Response>;
  end(): Promise<Response>;
}

export interface RawOptions {
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export interface RawSessionOptions {
  readonly principal?: string;
  readonly revision?: string;
  readonly capabilities?: object;
  /** Use this session instead of a new one. */
  readonly sessionId?: string;
}

export async function openRaw(harness: Pick<Harness, 'fetchAs'>, server: string, options: RawSessionOptions = {}): Promise<RawSession> {
  const { principal = 'alice', revision = '2025-11-25', capabilities = {} } = options;
  const fetch = harness.fetchAs(principal);
  const url = `${PUBLIC_URL}/mcp/${server}`;
  const base = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': revision };
  let id = options.sessionId;
  if (id === undefined) {
    const body = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: revision, capabilities, clientInfo: { name: 'raw', version: '1' } } };
    const answer = await readAnswer(await fetch(url, { method: 'POST', headers: base, body: JSON.stringify(body) }));
    if (answer.response?.result?.protocolVersion !== revision) throw new Error(`initialize failed: ${JSON.stringify(answer.response)}`);
    id = answer.headers.get('mcp-session-id') ?? '';
  }
  const headers = { ...base, 'mcp-session-id': id };
  const send = (body: object, { headers: more, signal }: RawOptions = {}) => fetch(url, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body), signal });
  const session: RawSession = {
    id,
    send,
    post: async (body, given) => readAnswer(await send(body, given)),
    call: async (tool, args = {}, callId = 1) => readAnswer(await send({ jsonrpc: '2.0', id: callId, method: 'tools/call', params: { name: tool, arguments: args } })),
    stream: (more) => fetch(url, { headers: { ...headers, accept: 'text/event-stream', ...more } }),
    end: () => fetch(url, { method: 'DELETE', headers }),
  };
  if (options.sessionId === undefined) await session.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return session;
}

/** The messages of an event stream, as they come. */
export async function* messagesOf(response: Response): AsyncGenerator<any> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const data = text.slice(0, end).split('\n').find((line) => line.startsWith('data: {'));
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data.slice(6));
    }
  }
}
