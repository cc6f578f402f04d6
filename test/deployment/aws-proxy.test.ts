import { generateKeyPairSync } from 'node:crypto';
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { toRequest, writeResponse, type ResponsePrelude } from '../../lambda/deployment/aws-api-gateway';
import { startProxyGateway } from '../../lambda/deployment/aws-proxy';
import { readProxySettings, type ProxySettings } from '../../lambda/deployment/settings';

const environment = {
  MCP_PUBLIC_URL: 'https://gateway.example/prod',
  MCP_ISSUERS: '[{"issuer":"https://idp.example","jwks":"https://idp.example/jwks"}]',
  MCP_SCOPES: 'mcp:call mcp:list',
  MCP_POLICY_STORE_ID: 'store',
  MCP_DECISION_MODE: 'in-process',
  MCP_POLICY_REFRESH_SECONDS: '60',
  MCP_SERVERS: '[{"name":"files","url":"https://files.internal.example/mcp","headersSecretArn":"arn:headers"}]',
  MCP_KEY_SECRET_ARN: 'arn:key',
  MCP_MAX_BODY_BYTES: '65536',
};

function event(more: Partial<APIGatewayProxyEvent>): APIGatewayProxyEvent {
  return {
    httpMethod: 'POST',
    path: '/mcp/files',
    multiValueHeaders: { Host: ['gateway.example'], Accept: ['application/json', 'text/event-stream'] },
    multiValueQueryStringParameters: null,
    body: null,
    isBase64Encoded: false,
    requestContext: { identity: { sourceIp: '192.0.2.7' } },
    ...more,
  } as APIGatewayProxyEvent;
}

describe('the settings of the proxy', () => {
  it('are read from its environment', () => {
    expect(readProxySettings(environment)).toMatchObject({
      publicUrl: 'https://gateway.example/prod',
      issuers: [{ issuer: 'https://idp.example', jwks: new URL('https://idp.example/jwks') }],
      scopes: ['mcp:call', 'mcp:list'],
      policyRefreshMs: 60_000,
      allowedOrigins: [],
      servers: [{ name: 'files' }],
      maxBodyBytes: 65_536,
    });
  });

  it.each([
    ['MCP_PUBLIC_URL', undefined, 'the environment variable MCP_PUBLIC_URL is missing'],
    ['MCP_SERVERS', '{}', 'the environment variable MCP_SERVERS must be a JSON list'],
    ['MCP_ISSUERS', 'nonsense', 'the environment variable MCP_ISSUERS must be a JSON list'],
    ['MCP_MAX_BODY_BYTES', '-1', 'the environment variable MCP_MAX_BODY_BYTES must be a number above 0'],
    ['MCP_DECISION_MODE', 'never', 'MCP_DECISION_MODE must be in-process or service'],
  ])('fail with a sentence when %s is %s', (name, value, message) => {
    expect(() => readProxySettings({ ...environment, [name]: value })).toThrow(message);
  });
});

describe('an event of API Gateway', () => {
  it('becomes the request that the client sent, every header value included', async () => {
    const request = toRequest(event({ body: Buffer.from('{"ä":1}').toString('base64'), isBase64Encoded: true, multiValueQueryStringParameters: { a: ['1', '2'] } }));
    expect([request.method, request.url]).toEqual(['POST', 'https://gateway.example/mcp/files?a=1&a=2']);
    expect(request.headers.get('accept')).toBe('application/json, text/event-stream');
    expect(await request.text()).toBe('{"ä":1}');
  });

  it('has no body where the client sent none', () => {
    expect(toRequest(event({ httpMethod: 'GET' })).body).toBeNull();
  });
});

describe('a response', () => {
  async function write(response: Response): Promise<{ prelude?: ResponsePrelude; text: string }> {
    const stream = new PassThrough();
    let prelude: ResponsePrelude | undefined;
    const [, bytes] = await Promise.all([
      writeResponse(response, (given) => {
        prelude = given;
        return stream;
      }),
      buffer(stream),
    ]);
    return { prelude, text: bytes.toString() };
  }

  it('is streamed after its status and headers', async () => {
    const { prelude, text } = await write(new Response('data: {}\n\n', { status: 200, headers: { 'content-type': 'text/event-stream' } }));
    expect(prelude).toEqual({ statusCode: 200, headers: { 'content-type': 'text/event-stream' } });
    expect(text).toBe('data: {}\n\n');
  });

  it('may be empty', async () => {
    expect(await write(new Response(null, { status: 202 }))).toEqual({ prelude: { statusCode: 202, headers: {} }, text: '' });
  });

  it('stops the gateway when API Gateway takes no more', async () => {
    let cancelled = false;
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(70_000)), cancel: () => void (cancelled = true) });
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('gone')) });
    await expect(writeResponse(new Response(body), () => broken)).rejects.toThrow('gone');
    expect(cancelled).toBe(true);
  });
});

describe('the gateway of the proxy', () => {
  const secrets = mockClient(SecretsManagerClient);
  afterEach(() => secrets.reset());
  const settings: ProxySettings = readProxySettings(environment);
  const givenSecrets = (key: string, headers: string) => {
    secrets.on(GetSecretValueCommand, { SecretId: 'arn:key' }).resolves({ SecretString: key });
    secrets.on(GetSecretValueCommand, { SecretId: 'arn:headers' }).resolves({ SecretString: headers });
  };

  it('IAM-3 challenges a request without a token, with the metadata of the public URL', async () => {
    givenSecrets('k'.repeat(64), '{"x-api-key":"secret"}');
    const gateway = await startProxyGateway(settings);
    const request = toRequest(event({ body: '{}', multiValueHeaders: { host: ['gateway.example'], 'content-type': ['application/json'], accept: ['application/json, text/event-stream'] } }));
    const response = await gateway.fetch(request, {});
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('resource_metadata="https://gateway.example/prod/.well-known/oauth-protected-resource/mcp/files"');
    expect((await gateway.fetch(toRequest(event({ httpMethod: 'GET', path: '/healthz' })), {})).status).toBe(200);
    await gateway.close();
  });

  it('SC-2 starts with a registry, serves nothing while that cannot be read, and closes', async () => {
    const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    givenSecrets('k'.repeat(64), '{}');
    const kms = mockClient(KMSClient);
    const tables = mockClient(DynamoDBClient);
    kms.on(GetPublicKeyCommand).resolves({ PublicKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' }) });
    tables.on(QueryCommand).rejects(new Error('no access'));
    const registry = { table: 'tools', signingKey: 'arn:key', maxHeadAgeMs: 3_600_000, policy: {} };
    const gateway = await startProxyGateway({ ...settings, registry });
    expect((await gateway.fetch(toRequest(event({ httpMethod: 'GET', path: '/healthz' })), {})).status).toBe(200);
    expect(tables.commandCalls(QueryCommand).length).toBeGreaterThan(0);
    expect(String(said.mock.calls[0])).toContain('no access');
    await gateway.settle();
    await gateway.close();
    kms.on(GetPublicKeyCommand).rejects(new Error('denied'));
    await expect(startProxyGateway({ ...settings, registry })).rejects.toThrow('denied');
    said.mockRestore();
  });

  it.each([
    ['short', '{}', 'the key secret must have at least 32 characters'],
    ['k'.repeat(64), '["secret-value"]', 'the headers secret of server files must be a JSON object of header names and texts'],
    ['k'.repeat(64), 'secret-value', 'the headers secret of server files must be a JSON object of header names and texts'],
  ])('does not start with a secret that is not what it should be, and does not quote it', async (key, headers, message) => {
    givenSecrets(key, headers);
    await expect(startProxyGateway(settings)).rejects.toThrow(new Error(message));
  });
});
