/**
 * The upstream of the bench: an MCP server that does next to nothing, so that what stands in front of it is what is
 * measured. The same answers over Streamable HTTP (`echo-server.ts PORT`) and over stdio (`echo-server.ts --stdio`), to
 * both protocol eras, without sessions.
 */
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

interface Request {
  readonly id?: string | number;
  readonly method: string;
  readonly params?: {
    readonly name?: string;
    readonly arguments?: Readonly<Record<string, unknown>>;
    readonly protocolVersion?: string;
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
}

const MODERN = '2026-07-28';
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const capabilities = { tools: {} };
const serverInfo = { name: 'echo', version: '1.0.0' };

/** What `echo` takes; the others are there so that the list has a usual length. */
const echoSchema = {
  type: 'object',
  properties: {
    message: { type: 'string', maxLength: 1_000, description: 'What to say back' },
    repeat: { type: 'integer', minimum: 1, maximum: 10, description: 'How often' },
    labels: { type: 'array', items: { type: 'string' }, maxItems: 20, description: 'Free words' },
    options: {
      type: 'object',
      properties: { upperCase: { type: 'boolean' }, language: { type: 'string', enum: ['en', 'de', 'fr', 'ja'] } },
      additionalProperties: false,
    },
  },
  required: ['message'],
  additionalProperties: false,
};
const names = ['echo', 'read', 'write', 'search', 'list', 'create', 'update', 'delete', 'move', 'copy', 'export', 'import'];
const tools = names.map((name) => ({ name, description: `The tool ${name} of the bench`, inputSchema: echoSchema }));

function resultOf({ method, params }: Request, modern: boolean): unknown {
  switch (method) {
    case 'tools/call':
      return { content: [{ type: 'text', text: String(params?.arguments?.message) }], ...(modern && complete) };
    case 'tools/list':
      return { tools, ...(modern && { ...complete, ttlMs: 60_000, cacheScope: 'public' }) };
    case 'server/discover':
      return { supportedVersions: [MODERN], capabilities, ...complete, ttlMs: 60_000, cacheScope: 'public' };
    case 'initialize':
      return { protocolVersion: params?.protocolVersion, capabilities, serverInfo };
    case 'ping':
      return {};
    default:
      return undefined;
  }
}

const complete = {
  resultType: 'complete',
  _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo },
} as const;

/** The answer as text, or `undefined` where a notification asks for none. */
function answer(text: string): string | undefined {
  const request = JSON.parse(text) as Request;
  if (request.id === undefined) return undefined;
  const result = resultOf(request, request.params?._meta?.[VERSION_KEY] !== undefined);
  return JSON.stringify(
    result === undefined
      ? { jsonrpc: '2.0', id: request.id, error: { code: -32_601, message: 'Method not found' } }
      : { jsonrpc: '2.0', id: request.id, result },
  );
}

function serveHttp(port: number): void {
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const text = answer(body);
      if (text === undefined) return response.writeHead(202).end();
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      response.end(text);
    });
  });
  server.listen(port, '127.0.0.1', () => console.log(`ready on port ${port}`));
}

function serveStdio(): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const text = answer(line);
    if (text !== undefined) process.stdout.write(`${text}\n`);
  });
}

const [, , where = '0'] = process.argv;
if (where === '--stdio') serveStdio();
else serveHttp(Number(where));
