import { Duration } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { SenderConstraint, UpstreamCredentials } from '../../../lib';
import { AUTHORIZER, environmentOf, gatewayStack, PROXY } from './gateway-stack';

const URL = 'https://files.example.com/mcp';
const arnOf = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`;
const secretIn = (stack: Stack, name: string) => secretsmanager.Secret.fromSecretCompleteArn(stack, name, arnOf(name));
const serversOf = (template: Template) => JSON.parse(String(environmentOf(template, PROXY).MCP_SERVERS));

describe('tokens that are bound to a key (IAM-4)', () => {
  test('are off unless asked for: no table, no variable', () => {
    const { gateway, template } = gatewayStack();
    gateway.addServer('files', { url: URL });
    template().resourceCountIs('AWS::DynamoDB::Table', 0);
    expect(environmentOf(template(), AUTHORIZER)).not.toHaveProperty('MCP_SENDER_CONSTRAINTS');
  });

  test('are what the gateway says, unless the server says otherwise; both functions know', () => {
    const { gateway, template: synthesize } = gatewayStack({ senderConstraint: SenderConstraint.REQUIRED });
    gateway.addServer('files', { url: URL });
    gateway.addServer('open', { url: URL, senderConstraint: SenderConstraint.OFF });
    gateway.addServer('crm', { url: URL, senderConstraint: SenderConstraint.OPTIONAL });
    const template = synthesize();
    for (const description of [AUTHORIZER, PROXY]) expect(environmentOf(template, description).MCP_SENDER_CONSTRAINTS).toBe('{"files":"required","crm":"optional"}');
    expect(environmentOf(template, PROXY).MCP_PROOF_TABLE).toEqual({ Ref: expect.stringMatching(/Proofs/) });
    expect(environmentOf(template, AUTHORIZER)).not.toHaveProperty('MCP_PROOF_TABLE');
  });

  test('have their proofs noted in one encrypted table that cleans itself up, which only the proxy writes', () => {
    const { gateway, template: synthesize } = gatewayStack({ senderConstraint: SenderConstraint.OPTIONAL });
    for (const name of ['a', 'b']) gateway.addServer(name, { url: URL });
    const template = synthesize();
    template.resourceCountIs('AWS::DynamoDB::Table', 1);
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
    const writers = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([, policy]) => JSON.stringify(policy).includes('dynamodb:PutItem'));
    expect(writers.map(([id]) => id)).toEqual([expect.stringContaining('Proxy')]);
  });
});

describe('requirements of tools (CV-3)', () => {
  test('reach the proxy', () => {
    const { gateway, template } = gatewayStack();
    gateway.addServer('files', { url: URL, tokenRequirements: [{ tools: ['delete_*'], acrValues: ['mfa'], maxAge: Duration.minutes(5) }] });
    expect(serversOf(template())).toEqual([{ name: 'files', url: URL, tokenRequirements: [{ tools: ['delete_*'], acrValues: ['mfa'], maxAgeSeconds: 300 }] }]);
  });

  test('that ask for nothing fail the synthesis', () => {
    expect(() => gatewayStack().gateway.addServer('files', { url: URL, tokenRequirements: [{ tools: ['x'] }] })).toThrow('a token requirement asks for nothing');
  });
});

describe('credentials towards a server (IAM-3)', () => {
  const client = (stack: Stack) => ({ issuer: 'https://login.example.com', clientId: 'gateway', clientSecret: secretIn(stack, 'client') });

  function settingsOf(credentials: (stack: Stack) => UpstreamCredentials) {
    const { gateway, stack, template: synthesize } = gatewayStack();
    gateway.addServer('files', { url: URL, credentials: credentials(stack) });
    const template = synthesize();
    const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
    const readersOf = (name: string) => policies.filter(([, policy]) => JSON.stringify(policy).includes(arnOf(name))).map(([id]) => id);
    return { settings: serversOf(template)[0].credentials, readersOf };
  }

  test('token exchange', () => {
    const { settings, readersOf } = settingsOf((stack) => UpstreamCredentials.tokenExchange({ ...client(stack), scopes: ['files'] }));
    expect(settings).toEqual({ type: 'tokenExchange', issuer: 'https://login.example.com', clientId: 'gateway', clientSecret: { secretArn: arnOf('client') }, scopes: ['files'] });
    expect(readersOf('client')).toEqual([expect.stringContaining('Proxy')]);
  });

  test('client credentials with a private key', () => {
    const { settings, readersOf } = settingsOf((stack) => UpstreamCredentials.clientCredentials({ tokenEndpoint: 'https://as.example.com/token', clientId: 'gateway', privateKey: secretIn(stack, 'key'), keyId: 'k1', audience: 'files' }));
    expect(settings).toEqual({ type: 'clientCredentials', tokenEndpoint: 'https://as.example.com/token', clientId: 'gateway', keyId: 'k1', privateKey: { secretArn: arnOf('key') }, audience: 'files' });
    expect(readersOf('key')).toHaveLength(1);
  });

  test('identity assertion, with a client at each of two authorization servers', () => {
    const { settings, readersOf } = settingsOf((stack) =>
      UpstreamCredentials.identityAssertion({ identityProvider: client(stack), authorizationServer: { issuer: 'https://as.example.com', clientId: 'g', clientSecret: secretIn(stack, 'other') } }),
    );
    expect(settings).toMatchObject({ type: 'identityAssertion', identityProvider: { issuer: 'https://login.example.com' }, authorizationServer: { issuer: 'https://as.example.com', clientId: 'g' } });
    expect([readersOf('client'), readersOf('other')]).toEqual([[expect.any(String)], [expect.any(String)]]);
  });

  test('a secret in a header', () => {
    const { settings, readersOf } = settingsOf((stack) => UpstreamCredentials.secret(secretIn(stack, 'token'), { header: 'x-api-key', jsonField: 'apiKey' }));
    expect(settings).toEqual({ type: 'secret', secret: { secretArn: arnOf('token'), key: 'apiKey' }, header: 'x-api-key' });
    expect(readersOf('token')).toEqual([expect.stringContaining('Proxy')]);
  });

  test('signatures of the proxy\'s role', () => {
    expect(settingsOf(() => UpstreamCredentials.sigV4({ service: 'execute-api' })).settings).toEqual({ type: 'sigV4', service: 'execute-api' });
  });

  test('that cannot work fail the synthesis', () => {
    const { stack } = gatewayStack();
    const { clientSecret } = client(stack);
    expect(() => UpstreamCredentials.tokenExchange({ clientId: 'g', clientSecret })).toThrow('has neither issuer nor tokenEndpoint');
    expect(() => UpstreamCredentials.tokenExchange({ issuer: 'https://i', clientId: 'g' })).toThrow('needs either clientSecret or privateKey');
    expect(() => UpstreamCredentials.tokenExchange({ issuer: 'https://i', clientId: 'g', clientSecret, privateKey: clientSecret })).toThrow('needs either clientSecret or privateKey');
    expect(() => UpstreamCredentials.tokenExchange({ issuer: 'http://i', clientId: 'g', clientSecret })).toThrow('expected an https URL');
    expect(() => UpstreamCredentials.identityAssertion({ identityProvider: { issuer: 'https://i', clientId: 'g', clientSecret }, authorizationServer: { tokenEndpoint: 'https://t', clientId: 'g', clientSecret } })).toThrow('has no issuer');
  });
});

describe('token issuers', () => {
  const issuer = { issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' };

  test('are asked about opaque tokens by both functions, which read the secret for it', () => {
    const { template: synthesize } = gatewayStack((stack) => ({ tokenIssuers: [{ ...issuer, introspection: { clientId: 'gateway', clientSecret: secretIn(stack, 'introspection'), cacheDuration: Duration.seconds(10) } }] }));
    const template = synthesize();
    for (const description of [AUTHORIZER, PROXY]) {
      const [settings] = JSON.parse(String(environmentOf(template, description).MCP_ISSUERS));
      expect(settings).toEqual({ issuer: issuer.issuer, jwks: issuer.jwksUri, introspection: { clientId: 'gateway', clientSecret: { secretArn: arnOf('introspection') }, cacheSeconds: 10 } });
    }
    const readers = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([, policy]) => JSON.stringify(policy).includes(arnOf('introspection')));
    expect(readers.map(([id]) => /Authorizer|Proxy/.exec(id)?.[0]).sort()).toEqual(['Authorizer', 'Proxy']);
  });

  test('say of the circumstances what the claims that are named say (JIT-2, JIT-3)', () => {
    const { template } = gatewayStack({ tokenIssuers: [{ ...issuer, purposeClaim: 'purpose', riskClaim: 'risk' }] });
    expect(JSON.parse(String(environmentOf(template(), PROXY).MCP_ISSUERS))[0].circumstanceClaims).toEqual({ purpose: 'purpose', risk: 'risk' });
  });

  test('that cannot be asked fail the synthesis', () => {
    const start = (introspection: (stack: Stack) => object) => () => gatewayStack((stack) => ({ tokenIssuers: [{ ...issuer, introspection: introspection(stack) as never }] }));
    expect(start(() => ({ clientId: 'g' }))).toThrow('needs either clientSecret or privateKey');
    expect(start((stack) => ({ clientId: 'g', clientSecret: secretIn(stack, 's'), endpoint: 'http://x' }))).toThrow('expected an https URL');
    expect(start((stack) => ({ clientId: 'g', clientSecret: secretIn(stack, 's'), cacheDuration: Duration.hours(1) }))).toThrow('expected at most 300');
  });
});
