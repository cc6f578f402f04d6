import { connectedTo, isBalanced, toBalancedRequest, toBalancedResult, type BalancedEvent } from '../../lambda/deployment/aws-load-balancer';

function event(more: Partial<BalancedEvent> = {}): BalancedEvent {
  return {
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/grants/1' } },
    httpMethod: 'GET',
    path: '/approvals',
    multiValueHeaders: { host: ['gateway.mcp.internal.example.com'], 'x-forwarded-for': ['10.20.0.5'] },
    multiValueQueryStringParameters: {},
    body: '',
    isBase64Encoded: false,
    ...more,
  };
}

describe('a request that a load balancer hands to a function', () => {
  test('is told from one of an API', () => {
    expect(isBalanced(event())).toBe(true);
    expect(isBalanced({ requestContext: { identity: { sourceIp: '10.0.0.1' } } })).toBe(false);
  });

  test('keeps its query as it was sent: what brings an approver back from signing in is decoded once', () => {
    const { searchParams } = new URL(toBalancedRequest(event({ path: '/approvals/callback', multiValueQueryStringParameters: { code: ['a%2Fb%2Bc'], state: ['x%26y%3Dz'] } })).url);
    expect([...searchParams]).toEqual([['code', 'a/b+c'], ['state', 'x&y=z']]);
  });

  test('brings the form of an approver, which comes in base64', async () => {
    const form = 'decision=approve&form=token';
    const request = toBalancedRequest(event({
      httpMethod: 'POST', path: '/approvals/grant-1', body: Buffer.from(form).toString('base64'), isBase64Encoded: true,
      multiValueHeaders: { host: ['gateway.mcp.internal.example.com'], 'content-type': ['application/x-www-form-urlencoded'], cookie: ['session=1'] },
    }));
    expect(await request.text()).toBe(form);
    expect(request.headers.get('cookie')).toBe('session=1');
    expect(request.url).toBe('https://gateway.mcp.internal.example.com/approvals/grant-1');
  });

  test('IAM-3 keeps a header that comes twice from passing for one', () => {
    expect(toBalancedRequest(event({ multiValueHeaders: { host: ['h'], authorization: ['Bearer a', 'Bearer b'] } })).headers.get('authorization')).toBe('Bearer a, Bearer b');
  });

  test('comes from whoever connected, whatever the client says of itself', () => {
    expect(connectedTo(event({ multiValueHeaders: { 'x-forwarded-for': ['192.0.2.1, 198.51.100.1', '203.0.113.9, 10.20.0.5'] } }))).toBe('10.20.0.5');
    expect(connectedTo(event({ multiValueHeaders: {} }))).toBeUndefined();
  });

  test('is answered with each header in a list', async () => {
    const response = new Response('<p>', { status: 403, headers: { 'content-type': 'text/html', 'set-cookie': '__Host-s=; Path=/' } });
    expect(await toBalancedResult(response)).toEqual({
      statusCode: 403, statusDescription: '403 Forbidden', body: '<p>', isBase64Encoded: false,
      multiValueHeaders: { 'content-type': ['text/html'], 'set-cookie': ['__Host-s=; Path=/'] },
    });
  });
});
