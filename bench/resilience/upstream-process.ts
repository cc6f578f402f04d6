/**
 * The server behind the gateways: `upstream-process.ts PORT FILE`. Writes each call of a tool down, by its trace, before it answers: what is in
 * FILE has happened, however the process ends. Misbehaves as it is told over IPC.
 */
import { openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { TOOLS, type Misbehaviour } from './tools';

interface Message {
  readonly id?: string | number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly arguments?: { readonly message?: string }; readonly protocolVersion?: string; readonly _meta?: Readonly<Record<string, unknown>> };
}

const MODERN = '2026-07-28';
const capabilities = { tools: {} };
const PROGRESS_MS = 150;
const GARBAGE = ['<html>Bad Gateway</html>', '{"jsonrpc":"2.0","id":', '{"jsonrpc":"2.0","id":"another","result":{}}', 'null', '[]', '\u0000\u0001\u0002'];

const [, , port = '0', file = ''] = process.argv;
const descriptor = openSync(file, 'a');
let misbehaviour: Misbehaviour | undefined;
let turn = 0;

process.on('message', (told: { readonly misbehaviour?: Misbehaviour }) => (misbehaviour = told.misbehaviour));
process.once('disconnect', () => process.exit());

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(405).end();
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const message = JSON.parse(Buffer.concat(parts).toString()) as Message;
  if (message.id === undefined) return void response.writeHead(202).end();
  if (message.method === 'tools/call') {
    const trace = String(request.headers.traceparent).split('-')[1];
    writeSync(descriptor, `${trace} ${message.params?.name} ${message.params?.arguments?.message?.split(' ')[0]}\n`);
    if (misbehaviour === 'silent') return;
    if (misbehaviour === 'slow') return drip(response);
    if (misbehaviour === 'garbage') return void response.writeHead(200, { 'content-type': 'application/json' }).end(GARBAGE[(turn += 1) % GARBAGE.length]);
    if (message.params?.name === 'watch') return watch(message, response);
  }
  const modern = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer(message, modern) }));
}

function answer({ method, params }: Message, modern: boolean): object {
  const whole = modern ? { resultType: 'complete' } : {};
  const cached = modern ? { ...whole, ttlMs: 60_000, cacheScope: 'public' } : {};
  switch (method) {
    case 'tools/call':
      return { result: { content: [{ type: 'text', text: String(params?.arguments?.message) }], ...whole } };
    case 'tools/list':
      return { result: { tools: TOOLS, ...cached } };
    case 'server/discover':
      return { result: { supportedVersions: [MODERN], capabilities, ...cached } };
    case 'initialize':
      return { result: { protocolVersion: params?.protocolVersion, capabilities, serverInfo: { name: 'bench', version: '1.0.0' } } };
    default:
      return { error: { code: -32_601, message: 'Method not found' } };
  }
}

/** A stream: three messages of progress, then the result. */
async function watch({ id, params }: Message, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (message: object) => response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
  for (const progress of [1, 2, 3]) {
    send({ method: 'notifications/progress', params: { progressToken: params?._meta?.progressToken ?? id, progress, total: 3 } });
    await pause(PROGRESS_MS);
  }
  send({ id, result: { content: [{ type: 'text', text: String(params?.arguments?.message) }], resultType: 'complete' } });
  response.end();
}

/** A byte every now and then, for as long as the other side stays. */
function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const drops = setInterval(() => response.write(' '), 500);
  response.once('close', () => clearInterval(drops));
}

createServer((request, response) => void serve(request, response)).listen(Number(port), '127.0.0.1', () => process.send?.('ready'));
