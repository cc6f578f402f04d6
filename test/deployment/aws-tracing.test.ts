import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BatchIsAuthorizedCommand, IsAuthorizedCommand, VerifiedPermissionsClient } from '@aws-sdk/client-verifiedpermissions';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEvent, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import type { PlainText } from '../../lambda/audit';
import { toRequest } from '../../lambda/deployment/aws-api-gateway';
import { createAuthorizer } from '../../lambda/deployment/aws-authorizer';
import { authenticatorOf, decisionPointOf } from '../../lambda/deployment/aws-decision-point';
import { startProxyGateway } from '../../lambda/deployment/aws-proxy';
import { openFunctionTracing, type FunctionTracing } from '../../lambda/deployment/aws-tracing';
import { readProxySettings } from '../../lambda/deployment/settings';
import { eventOf } from '../audit/events';
import { LATEST_MODERN } from '../../lambda/protocol';
import { createSigner, type Signer } from '../identity/tokens';
import { mcpResult } from '../fixtures/mcp-result';

jest.mock('../../lambda/audit/kept-output', () => ({ standardOutput: () => ({ write: () => undefined, flush: () => undefined, ready: () => true }) }));

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const SECRET = 'swordfish-argument';

interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers every request, and keeps it. */
class Peer {
  readonly received: Received[] = [];
  private readonly server: Server;

  constructor(answer: (request: Received, response: ServerResponse) => void) {
    this.server = createServer((request: IncomingMessage, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        this.received.push({ url: request.url!, headers: request.headers, body });
        answer(this.received.at(-1)!, response);
      });
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function answerMcp({ body }: Received, response: ServerResponse): void {
  const { id, method } = JSON.parse(body);
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result: mcpResult(method, SECRET) }));
}

describe('traces of the deployed functions', () => {
  const permissions = mockClient(VerifiedPermissionsClient);
  const secrets = mockClient(SecretsManagerClient);
  const receiver = new Peer((_, response) => response.end('{}'));
  const upstream = new Peer(answerMcp);
  let signer: Signer;
  let token: string;
  let environment: Record<string, string>;

  beforeAll(async () => {
    signer = await createSigner();
    const now = Math.floor(Date.now() / 1_000);
    token = await signer.sign({ aud: 'https://gateway.example/mcp/files', iat: now, exp: now + 300 });
    secrets.on(GetSecretValueCommand).resolves({ SecretString: 'k'.repeat(64) });
    permissions.on(IsAuthorizedCommand).resolves({ decision: 'ALLOW', determiningPolicies: [{ policyId: 'all-may' }], errors: [] });
    permissions.on(BatchIsAuthorizedCommand).callsFake(({ requests }) => ({ results: requests.map((request: object) => ({ request, decision: 'ALLOW', determiningPolicies: [], errors: [] })) }));
    environment = {
      MCP_PUBLIC_URL: 'https://gateway.example',
      MCP_ISSUERS: JSON.stringify([{ issuer: 'https://login.example.com', jwks: signer.jwks }]),
      MCP_POLICY_STORE_ID: 'store',
      MCP_DECISION_MODE: 'service',
      MCP_POLICY_REFRESH_SECONDS: '60',
      MCP_SERVERS: JSON.stringify([{ name: 'files', url: `${await upstream.open()}/mcp`, unsafeAllowPlainHttp: true }]),
      MCP_KEY_SECRET_ARN: 'arn:key',
      MCP_MAX_BODY_BYTES: '65536',
      AWS_REGION: 'eu-west-1',
      OTEL_EXPORTER_OTLP_ENDPOINT: await receiver.open(),
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=for%20the%20receiver',
      OTEL_SERVICE_NAME: 'gateway',
    };
  });
  beforeEach(() => void (receiver.received.length = upstream.received.length = 0));
  afterAll(() => [receiver, upstream].forEach((peer) => peer.close()));

  const headersOf = (trace: Record<string, string>) => Object.fromEntries(Object.entries({
    host: 'gateway.example', authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream',
    'mcp-protocol-version': LATEST_MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'echo', ...trace,
  }).map(([name, value]) => [name, [value]]));

  /** One call as AWS makes it: API Gateway asks the authorizer, and then the proxy with what that answered. */
  async function call({ trace = {}, meta = {}, more = {} }: { trace?: Record<string, string>; meta?: object; more?: Record<string, string> } = {}): Promise<void> {
    const environmentOf = (part: string) => ({ ...environment, OTEL_RESOURCE_ATTRIBUTES: `part=${part}`, ...more });
    const settings = readProxySettings(environment);
    const multiValueHeaders = headersOf(trace);
    const requestContext = { requestId: 'request-1', identity: { sourceIp: '192.0.2.7' } };
    const common = { httpMethod: 'POST', path: '/mcp/files', multiValueHeaders, multiValueQueryStringParameters: null };

    const authorize = createAuthorizer({
      ...settings,
      refusals: 'challenge',
      authenticator: authenticatorOf(settings),
      decisionPoint: decisionPointOf(settings),
      audit: { write: () => undefined, flush: async () => undefined },
      tracing: openFunctionTracing(environmentOf('authorizer')),
    });
    const { context } = await authorize({ ...common, methodArn: 'arn:method', pathParameters: { server: 'files' }, requestContext } as unknown as APIGatewayRequestAuthorizerEvent);

    const tracing: FunctionTracing | undefined = openFunctionTracing(environmentOf('proxy'), settings);
    const gateway = await startProxyGateway(settings, undefined, tracing?.tracer);
    const params = { name: 'echo', arguments: { text: SECRET }, _meta: { 'io.modelcontextprotocol/protocolVersion': LATEST_MODERN, 'io.modelcontextprotocol/clientCapabilities': {}, ...meta } };
    const event = { ...common, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }), isBase64Encoded: false, requestContext: { ...requestContext, authorizer: context } };
    const response = await gateway.fetch(toRequest(event as unknown as APIGatewayProxyEvent), {});
    expect(await response.text()).toContain('result of');
    await Promise.all([gateway.settle(), tracing?.flush()]);
    await gateway.close();
  }

  const valueOf = (value: any) => value.stringValue ?? value.intValue ?? value.arrayValue?.values.map(valueOf);
  const attributesOf = ({ attributes }: any) => Object.fromEntries(attributes.map(({ key, value }: any) => [key, valueOf(value)]));
  /** Spans by which function sent them. */
  const spansOf = (part: string): any[] => receiver.received.flatMap(({ body }) => JSON.parse(body).resourceSpans).filter(({ resource }: any) => attributesOf(resource).part === part).flatMap(({ scopeSpans }: any) => scopeSpans.flatMap(({ spans }: any) => spans));
  const callOf = () => upstream.received.map(({ headers, body }) => ({ headers, message: JSON.parse(body) })).find(({ message }) => message.method === 'tools/call')!;

  test('GW-4 a trace of the client goes over the authorizer and the proxy to the server, with the span of each', async () => {
    await call({ trace: { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`, tracestate: 'vendor=1' } });
    const spans = [...spansOf('authorizer'), ...spansOf('proxy')];
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([CALLER.traceId]));
    const requests = spans.filter(({ kind }) => kind === 2);
    expect(requests.map(({ name, parentSpanId, traceState }) => [name, parentSpanId, traceState])).toEqual([['tools/call', CALLER.spanId, 'vendor=1'], ['tools/call echo', CALLER.spanId, 'vendor=1']]);
    const [leg] = spansOf('proxy').filter(({ kind }) => kind === 3);
    expect(leg).toMatchObject({ name: 'tools/call echo', parentSpanId: requests[1].spanId });
    expect(attributesOf(leg)).toMatchObject({ 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'echo', 'server.address': '127.0.0.1', 'mcp_zero_trust.outcome': 'answered' });
    const sent = `00-${CALLER.traceId}-${leg.spanId}-01`;
    expect(callOf()).toMatchObject({ headers: { traceparent: sent, tracestate: 'vendor=1' }, message: { params: { _meta: { traceparent: sent } } } });
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
  });

  test('GW-4 authentication, decisions and the way to the server are told apart, in both functions', async () => {
    await call();
    expect(spansOf('authorizer').map(({ name }) => name)).toEqual(['authentication', 'decision', 'tools/call']);
    expect(spansOf('proxy').filter(({ kind }) => kind === 1).map(({ name }) => name)).toEqual(['authentication', 'decision', 'decision']);
  });

  test('GW-4 a request without a trace is in one, from the authorizer on', async () => {
    await call();
    const spans = [...spansOf('authorizer'), ...spansOf('proxy')];
    const [authorization, request] = spans.filter(({ kind }) => kind === 2);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(authorization.parentSpanId).toBeUndefined();
    expect(request.parentSpanId).toBe(authorization.spanId);
    expect(callOf().headers.traceparent).toContain(authorization.traceId);
  });

  test('GW-4 a trace that the client names in its message alone is the one that counts', async () => {
    await call({ meta: { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` } });
    expect(spansOf('proxy').map(({ traceId }) => traceId)).toEqual(expect.arrayContaining([CALLER.traceId]));
    expect(callOf().headers.traceparent).toContain(CALLER.traceId);
  });

  test('GW-4 a traceparent that is none is not continued', async () => {
    await call({ trace: { traceparent: '00-00000000000000000000000000000000-00f067aa0ba902b7-01' } });
    const [request] = spansOf('proxy').filter(({ kind }) => kind === 2);
    expect(request.traceId).not.toMatch(/^0+$/);
  });

  test('GW-4 a caller who does not record its trace is not recorded, and a ratio of none records nothing that begins here', async () => {
    await call({ trace: { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-00` } });
    await call({ more: { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' } });
    expect(receiver.received).toEqual([]);
    expect(upstream.received.filter(({ body }) => body.includes('"tools/call"')).map(({ headers }) => /-00$/.test(String(headers.traceparent)))).toEqual([true, true]);
  });

  test('GW-4 no argument, result, token or principal is in what the receiver gets, which is told who sends it', async () => {
    await call();
    const text = receiver.received.map(({ body }) => body).join('');
    for (const secret of [SECRET, token.slice(0, 30), token.slice(-30), 'alice', 'result of']) expect(text).not.toContain(secret);
    expect(receiver.received.map(({ url, headers }) => [url, headers['x-key'], headers['content-type']])).toEqual([['/v1/traces', 'for the receiver', 'application/json'], ['/v1/traces', 'for the receiver', 'application/json']]);
  });

  test('GW-4 IAM-4 AWS X-Ray gets them signed with the role of the function', async () => {
    process.env.AWS_ACCESS_KEY_ID = 'ASIAEXAMPLE';
    process.env.AWS_SECRET_ACCESS_KEY = 'example';
    await call({ more: { MCP_TRACES_SIGNED_FOR: 'xray' } });
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    expect(receiver.received).toHaveLength(2);
    for (const { headers } of receiver.received) {
      expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE\/\d{8}\/eu-west-1\/xray\/aws4_request, SignedHeaders=[^,]*x-amz-content-sha256[^,]*, Signature=[0-9a-f]{64}$/);
      expect(headers['x-key']).toBeUndefined();
    }
  });

  test('GW-4 off by default: nothing is sent, and the server still gets the trace', async () => {
    await call({ trace: { traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` }, more: { OTEL_EXPORTER_OTLP_ENDPOINT: '' } });
    expect(receiver.received).toEqual([]);
    expect(callOf().headers.traceparent).toMatch(new RegExp(`^00-${CALLER.traceId}-[0-9a-f]{16}-01$`));
  });

  describe('a receiver that is away', () => {
    const recorded = (tracing: FunctionTracing) => tracing.tracer.begin().finish(eventOf({ time: '', traceId: CALLER.traceId, spanId: CALLER.spanId, requestId: 'r', policyIds: [], decision: 'allow', requestBytes: 0, responseBytes: 0, durationMs: 1, httpStatus: 200 }), { traceId: CALLER.traceId as PlainText, spanId: CALLER.spanId as PlainText, sampled: true, headers: { traceparent: '' } });

    test('GW-4 that does not answer holds a function for as long as was said, and spans are dropped', async () => {
      let asked = 0;
      const send = (_: unknown, { signal }: { signal: AbortSignal }) => new Promise<never>((__, reject) => {
        asked += 1;
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
      const tracing = openFunctionTracing(environment, { flushMs: 20, fetch: send as unknown as typeof fetch })!;
      recorded(tracing);
      await expect(tracing.flush()).resolves.toBeUndefined();
      await tracing.flush();
      expect(asked).toBe(1);
    });

    test('GW-4 whose connection was closed while the function was frozen is asked again, once', async () => {
      const outcomes = [new TypeError('fetch failed'), new Response('{}')];
      const asked: string[] = [];
      const send = async (_: unknown, { body }: { body: string }) => {
        asked.push(body);
        const outcome = outcomes.shift()!;
        if (outcome instanceof Error) throw outcome;
        return outcome;
      };
      const tracing = openFunctionTracing(environment, { fetch: send as unknown as typeof fetch })!;
      recorded(tracing);
      await tracing.flush();
      expect(asked).toHaveLength(2);
      expect(asked[0]).toBe(asked[1]);
    });
  });
});
