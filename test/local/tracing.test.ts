import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalGateway, type LocalGateway } from '../../lambda/local';
import { readConfig } from '../../lambda/local/config/load';
import { LATEST_MODERN } from '../../lambda/protocol';
import { callTool } from './call';
import { mcpResult } from '../fixtures/mcp-result';

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const SECRET = 'swordfish-argument';

interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly traceState?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number };
  readonly attributes: readonly { readonly key: string; readonly value: any }[];
}

/** A receiver of OTLP over HTTP, in JSON. */
class Receiver {
  readonly bodies: string[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  readonly server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces') this.bodies.push(body);
      this.headers.push(request.headers);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });

  get spans(): ReceivedSpan[] {
    return this.bodies.flatMap((body) => JSON.parse(body).resourceSpans.flatMap((resource: any) => resource.scopeSpans.flatMap(({ spans }: any) => spans)));
  }
}

/** An MCP server of the newest revision, and what it was sent. */
class Upstream {
  readonly calls: { readonly headers: IncomingHttpHeaders; readonly meta: any }[] = [];
  readonly server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { id, method, params } = JSON.parse(body);
      if (method === 'tools/call') this.calls.push({ headers: request.headers, meta: params._meta });
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result: mcpResult(method, SECRET) }));
    });
  });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const attributesOf = ({ attributes }: ReceivedSpan) => Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.arrayValue?.values.map((one: any) => one.stringValue)]));

describe('traces of the gateway on one machine', () => {
  let folder: string;
  let receiver: Receiver;
  let upstream: Upstream;
  let gateway: LocalGateway;
  let token: string;

  async function start(telemetry: object | undefined, environment: Record<string, string> = {}, server: object = {}): Promise<string> {
    folder = mkdtempSync(join(tmpdir(), 'tracing-'));
    receiver = new Receiver();
    upstream = new Upstream();
    mkdirSync(join(folder, 'policies'));
    writeFileSync(join(folder, 'policies', 'all.cedar'), '@id("all-may") permit (principal, action, resource) unless { context has arguments && context.arguments has text && context.arguments.text == "no" };');
    const to = await listen(receiver.server);
    const value = { mcpServers: { up: { url: `${await listen(upstream.server)}/mcp`, ...server } }, listen: '127.0.0.1:0', policies: 'policies', telemetry: telemetry && { endpoint: to, ...telemetry } };
    gateway = await startLocalGateway(readConfig(join(folder, 'mcp.json'), JSON.stringify(value), { RECEIVER: to, ...environment }), { write: () => undefined, flush: () => Promise.resolve() });
    token = await gateway.issuer!.mint({ subject: 'alice', audience: gateway.url });
    return gateway.servers[0]!.url;
  }

  /** Stops the gateway, which sends what it has not sent yet. */
  async function stopped(): Promise<ReceivedSpan[]> {
    await gateway.stop();
    return receiver.spans;
  }

  afterEach(async () => {
    await gateway.stop();
    for (const { server } of [receiver, upstream]) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true });
  });

  /** A call by a client that traces, in headers or in `_meta`. */
  async function tracedCall(url: string, { inMeta = false, sampled = true, text = SECRET } = {}): Promise<void> {
    const trace = { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-${sampled ? '01' : '00'}`, tracestate: 'vendor=1' };
    const meta = { 'io.modelcontextprotocol/protocolVersion': LATEST_MODERN, 'io.modelcontextprotocol/clientCapabilities': {}, ...(inMeta ? trace : {}) };
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': LATEST_MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'echo', authorization: `Bearer ${token}`, ...(inMeta ? {} : trace) };
    await (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text }, _meta: meta } }) })).text();
  }

  test.each([['headers', false], ['_meta', true]])('GW-4 one trace from the client over the gateway to the upstream, where the client names it in %s', async (_, inMeta) => {
    const url = await start({});
    await tracedCall(url, { inMeta });
    const spans = (await stopped()).filter(({ traceId }) => traceId === CALLER.traceId);
    const [request] = spans.filter(({ kind }) => kind === 2);
    const [leg] = spans.filter(({ kind }) => kind === 3);
    expect(request).toMatchObject({ name: 'tools/call echo', parentSpanId: CALLER.spanId, traceState: 'vendor=1' });
    expect(attributesOf(request!)).toMatchObject({
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'echo',
      'gen_ai.operation.name': 'execute_tool',
      'mcp.protocol.version': LATEST_MODERN,
      'network.transport': 'tcp',
      'http.response.status_code': 200,
      'mcp_zero_trust.decision': 'allow',
      'mcp_zero_trust.policies': ['all-may'],
      'mcp_zero_trust.server': 'up',
    });
    expect(leg).toMatchObject({ name: 'tools/call echo', parentSpanId: request!.spanId });
    expect(attributesOf(leg!)).toMatchObject({ 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'echo', 'server.address': '127.0.0.1', 'mcp_zero_trust.outcome': 'answered' });
    expect(spans.filter(({ kind, parentSpanId }) => kind === 1 && parentSpanId === request!.spanId).map(({ name }) => name)).toEqual(['authentication', 'decision', 'decision']);
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) {
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
      expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(request!.startTimeUnixNano));
      expect(BigInt(endTimeUnixNano)).toBeLessThanOrEqual(BigInt(request!.endTimeUnixNano));
    }
    const sent = `00-${CALLER.traceId}-${leg!.spanId}-01`;
    expect(upstream.calls).toMatchObject([{ headers: { traceparent: sent, tracestate: 'vendor=1' }, meta: { traceparent: sent, tracestate: 'vendor=1' } }]);
  });

  test('GW-4 what the guard of a server does has its spans', async () => {
    const url = await start({}, {}, { guard: {} });
    await tracedCall(url);
    const guards = (await stopped()).filter(({ name }) => name === 'guard');
    expect(guards.map((span) => attributesOf(span)['mcp_zero_trust.outcome'])).toEqual(['passed', 'passed']);
  });

  test('GW-4 no argument, result, token or principal is in what the receiver gets', async () => {
    const url = await start({ headers: { 'x-key': '${KEY}' }, serviceName: 'gate' }, { KEY: 'for-the-receiver' });
    await tracedCall(url);
    await callTool(url, token, `unknown-${SECRET}`, { text: SECRET });
    await callTool(url, `${token}x`, 'echo', { text: SECRET });
    await callTool(url, token, 'echo', { text: 'no' });
    const spans = await stopped();
    const text = receiver.bodies.join('');
    for (const secret of [SECRET, token.slice(0, 30), token.slice(-30), 'alice', 'result of']) expect(text).not.toContain(secret);
    expect(text).toContain('"gate"');
    expect(receiver.headers[0]).toMatchObject({ 'x-key': 'for-the-receiver' });
    const decisions = spans.filter(({ kind }) => kind === 2).map((span) => [attributesOf(span)['mcp_zero_trust.decision'], attributesOf(span)['mcp_zero_trust.reason'], span.status.code ?? 0]);
    // A refusal is the gateway at work, and no error of it.
    expect(decisions).toEqual(expect.arrayContaining([['allow', undefined, 0], ['deny', 'unknown_tool', 0], ['deny', 'malformed_token', 0], ['deny', 'not_permitted', 0]]));
  });

  test('GW-4 a caller who does not record its trace is not recorded, and the trace goes on unrecorded', async () => {
    const url = await start({});
    await tracedCall(url, { sampled: false });
    expect((await stopped()).filter(({ traceId }) => traceId === CALLER.traceId)).toEqual([]);
    expect(upstream.calls[0]!.headers.traceparent).toMatch(new RegExp(`^00-${CALLER.traceId}-[0-9a-f]{16}-00$`));
  });

  test('GW-4 traces that begin at the gateway are recorded at the ratio of the configuration', async () => {
    const url = await start({ sampleRatio: 0 });
    await callTool(url, token, 'echo', { text: 'x' });
    expect(upstream.calls[0]!.headers.traceparent).toMatch(/-00$/);
    await tracedCall(url);
    expect(new Set((await stopped()).map(({ traceId }) => traceId))).toEqual(new Set([CALLER.traceId]));
  });

  test('GW-4 a receiver that is away costs no request anything', async () => {
    // For how long it is tried again: read by the exporter itself.
    process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '300';
    const url = await start({ endpoint: 'http://127.0.0.1:9' });
    delete process.env.OTEL_EXPORTER_OTLP_TIMEOUT;
    for (let i = 0; i < 3; i += 1) expect((await callTool(url, token, 'echo', { text: 'x' })).status).toBe(200);
  });

  test('GW-4 off by default: nothing is sent, and the upstream still gets the trace', async () => {
    const url = await start(undefined);
    await tracedCall(url);
    await stopped();
    expect(receiver.bodies).toEqual([]);
    expect(upstream.calls[0]!.headers.traceparent).toMatch(new RegExp(`^00-${CALLER.traceId}-(?!${CALLER.spanId})[0-9a-f]{16}-01$`));
  });
});
