import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import type { AuditEvent } from '../../lambda/audit';
import type { AuthorizationRequest, Decision } from '../../lambda/authorization';
import { createAuthorizer, type AuthorizerOptions } from '../../lambda/deployment/aws-authorizer';
import { principalId, type AuthenticationInput, type AuthenticationResult } from '../../lambda/identity';

const ARN = 'arn:aws:execute-api:eu-west-1:123456789012:api/v1/POST/mcp/files';

const ADA: AuthenticationResult = {
  ok: true,
  principal: { type: 'User', id: principalId('ada'), groups: ['analysts'], scopes: [], issuer: 'https://login.example.com' },
};
const NO_TOKEN: AuthenticationResult = { ok: false, status: 401, reason: 'no_token', challenge: 'Bearer resource_metadata="https://m"' };

function requestEvent(headers: Record<string, string | string[]> = {}, changes: Partial<APIGatewayRequestAuthorizerEvent> = {}): APIGatewayRequestAuthorizerEvent {
  return {
    type: 'REQUEST',
    methodArn: ARN,
    resource: '/mcp/{server}',
    path: '/mcp/files',
    httpMethod: 'POST',
    headers: null,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat()])),
    pathParameters: { server: 'files' },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    stageVariables: null,
    requestContext: { requestId: 'request-1', identity: { sourceIp: '203.0.113.9' } } as APIGatewayRequestAuthorizerEvent['requestContext'],
    ...changes,
  };
}

interface World {
  readonly authentication?: AuthenticationResult;
  readonly decision?: Decision;
  readonly options?: Partial<AuthorizerOptions>;
}

function authorizerIn({ authentication = ADA, decision = { effect: 'allow', policyIds: ['p1'] }, options }: World = {}) {
  const asked: AuthenticationInput[] = [];
  const decided: AuthorizationRequest[] = [];
  const written: AuditEvent[] = [];
  const authorize = createAuthorizer({
    publicUrl: 'https://mcp.example.com/v1',
    allowedOrigins: ['https://app.example.com'],
    refusals: 'challenge',
    authenticator: { authenticate: async (input) => (asked.push(input), authentication) },
    decisionPoint: { decide: (request) => (decided.push(request), decision), visible: () => [] },
    audit: { write: (event) => void written.push(event), flush: async () => undefined },
    clock: () => Date.UTC(2026, 10, 22),
    ...options,
  });
  return { authorize, asked, decided, written };
}

test('CV-1 lets a principal through who may connect to the server, to this method only', async () => {
  const { authorize, decided, written } = authorizerIn();
  const { policyDocument, principalId: who } = await authorize(requestEvent({ 'MCP-Protocol-Version': '2026-07-28' }));
  expect(who).toBe('User:ada');
  expect(policyDocument.Statement).toEqual([{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: ARN }]);
  expect(decided).toMatchObject([{
    server: 'files',
    operation: { kind: 'connect' },
    principal: { id: 'ada', groups: ['analysts'] },
    context: { sourceIp: '203.0.113.9', protocolVersion: '2026-07-28' },
  }]);
  expect(written).toEqual([]);
});

test('IAM-3 asks for a token that is for this very server', async () => {
  const { authorize, asked } = authorizerIn();
  await authorize(requestEvent({}, { multiValueQueryStringParameters: { access_token: ['x'] } }));
  expect(asked).toMatchObject([{
    resource: 'https://mcp.example.com/v1/mcp/files',
    resourceMetadataUrl: 'https://mcp.example.com/v1/.well-known/oauth-protected-resource/mcp/files',
    url: 'https://mcp.example.com/v1/mcp/files?access_token=x',
    method: 'POST',
  }]);
});

test('IAM-1 a header that comes twice is seen twice', async () => {
  const { authorize, asked } = authorizerIn();
  await authorize(requestEvent({ Authorization: ['Bearer a', 'Bearer b'] }));
  expect(asked[0]!.headers.get('authorization')).toBe('Bearer a, Bearer b');
});

describe('IAM-1 a request without a good token', () => {
  test('is denied with the challenge, which the API answers with 401', async () => {
    const { authorize } = authorizerIn({ authentication: NO_TOKEN });
    const { policyDocument, context } = await authorize(requestEvent());
    expect(policyDocument.Statement).toMatchObject([{ Effect: 'Deny' }]);
    expect(context).toEqual({ challenge: 'Bearer resource_metadata="https://m"' });
  });

  test.each([['https://app.example.com', 'https://app.example.com'], ['https://evil.example.com', undefined]])('from the origin %s may read the answer: %s', async (origin, expected) => {
    const { authorize } = authorizerIn({ authentication: NO_TOKEN });
    expect((await authorize(requestEvent({ origin }))).context?.allowOrigin).toBe(expected);
  });

  test('is an error where the API keeps its own answers', async () => {
    const { authorize } = authorizerIn({ authentication: NO_TOKEN, options: { refusals: 'plain' } });
    await expect(authorize(requestEvent())).rejects.toThrow(/^Unauthorized$/);
  });
});

describe('IAM-2 a request whose token lacks a scope', () => {
  const authentication = { ...NO_TOKEN, status: 403, reason: 'insufficient_scope' } as const;

  test('is an error, which the API answers with 403', async () => {
    await expect(authorizerIn({ authentication }).authorize(requestEvent())).rejects.toThrow(/^Unauthorized$/);
  });

  test('is denied with the challenge where the API keeps its own answers', async () => {
    const { authorize } = authorizerIn({ authentication, options: { refusals: 'plain' } });
    expect((await authorize(requestEvent())).context).toEqual({ challenge: NO_TOKEN.challenge });
  });
});

test.each(['not_permitted', 'forbidden', 'policy_error'] as const)('CV-1 a principal that may not connect gets 403: %s', async (reason) => {
  const { authorize } = authorizerIn({ decision: { effect: 'deny', policyIds: [], reason } });
  await expect(authorize(requestEvent())).rejects.toThrow(/^Unauthorized$/);
});

test.each<[string, World]>([
  ['no policies can be had', { decision: { effect: 'deny', policyIds: [], reason: 'unavailable' } }],
  ['no keys of the issuer can be had', { authentication: { ...NO_TOKEN, status: 503, reason: 'keys_unavailable' } }],
])('CV-1 nothing gets through while %s, and the API answers 503', async (_, world) => {
  const { authorize, written } = authorizerIn(world);
  await expect(authorize(requestEvent())).rejects.toThrow('no decision can be taken now');
  expect(written).toMatchObject([{ decision: 'error', httpStatus: 503 }]);
});

test('LOG-1 records what it refuses, once, without the token', async () => {
  const { authorize, written } = authorizerIn({ decision: { effect: 'deny', policyIds: ['p7'], reason: 'forbidden' } });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  await expect(authorize(requestEvent({ Authorization: 'Bearer secret-token', traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'Mcp-Method': 'tools/call' }))).rejects.toThrow();
  expect(written).toMatchObject([{
    time: '2026-11-22T00:00:00.000Z', requestId: 'request-1', traceId, sourceIp: '203.0.113.9', server: 'files', method: 'tools/call',
    principal: { type: 'User', id: 'ada' }, decision: 'deny', reason: 'forbidden', policyIds: ['p7'], httpStatus: 403,
  }]);
  expect(JSON.stringify(written)).not.toContain('secret-token');
});

test('LOG-1 an identifier of the API that would be more than text in a log is replaced', async () => {
  const { authorize, written } = authorizerIn({ decision: { effect: 'deny', policyIds: [], reason: 'forbidden' } });
  const requestContext = { requestId: 'request-1","decision":"allow', identity: { sourceIp: '203.0.113.9' } } as APIGatewayRequestAuthorizerEvent['requestContext'];
  await expect(authorize(requestEvent({}, { requestContext }))).rejects.toThrow();
  expect(written).toMatchObject([{ requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, decision: 'deny' }]);
});

test('a server that the path does not name is one that nobody may connect to', async () => {
  const { authorize, decided } = authorizerIn({ decision: { effect: 'deny', policyIds: [], reason: 'not_permitted' } });
  await expect(authorize(requestEvent({}, { pathParameters: null }))).rejects.toThrow('Unauthorized');
  expect(decided[0]!.server).toBe('');
});
