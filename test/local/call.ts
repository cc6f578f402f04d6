import { LATEST_MODERN } from '../../lambda/protocol';

export interface Answer {
  readonly status: number;
  readonly body: { readonly result?: Record<string, unknown>; readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown } };
}

/** One request of MCP 2026-07-28, as a client without an SDK would make it. */
export async function call(url: string, token: string | undefined, method: string, params: Record<string, unknown> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': LATEST_MODERN,
      'mcp-method': method,
      ...(typeof params.name === 'string' ? { 'mcp-name': params.name } : {}),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: { ...params, _meta: { 'io.modelcontextprotocol/protocolVersion': LATEST_MODERN, 'io.modelcontextprotocol/clientCapabilities': {} } },
    }),
  });
  return { status: response.status, body: await bodyOf(response) };
}

async function bodyOf(response: Response): Promise<Answer['body']> {
  const text = await response.text();
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return text === '' ? {} : JSON.parse(text);
  return JSON.parse(text.split('\n').filter((line) => line.startsWith('data:')).at(-1)!.slice('data:'.length));
}

export async function toolNames(url: string, token?: string): Promise<string[]> {
  const { body } = await call(url, token, 'tools/list');
  return (body.result!.tools as { name: string }[]).map(({ name }) => name);
}

export function callTool(url: string, token: string | undefined, name: string, args: Record<string, unknown>): Promise<Answer> {
  return call(url, token, 'tools/call', { name, arguments: args });
}
