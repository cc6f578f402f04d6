import { createHash, X509Certificate } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { ephemeralCertificate } from '../../lambda/container/ephemeral-certificate';
import { certificateOf } from '../../lambda/deployment/aws-api-gateway';
import { createAuthorizer } from '../../lambda/deployment/aws-authorizer';
import { authenticatorOf } from '../../lambda/deployment/aws-decision-point';
import { serverOptions } from '../../lambda/deployment/aws-servers';
import { readProxySettings, readSharedSettings } from '../../lambda/deployment/settings';
import { createTokenAuthenticator, NO_REPLAY_STORE } from '../../lambda/identity';
import { createProver } from '../identity/proofs';
import { createSigner, ISSUER, NOW } from '../identity/tokens';

const ENVIRONMENT = {
  MCP_PUBLIC_URL: 'https://mcp.example.com/v1',
  MCP_ISSUERS: '[{"issuer":"https://login.example.com"}]',
  MCP_POLICY_STORE_ID: 'store',
  MCP_DECISION_MODE: 'in-process',
  MCP_POLICY_REFRESH_SECONDS: '30',
  MCP_SERVERS: '[]',
  MCP_KEY_SECRET_ARN: 'arn',
  MCP_MAX_BODY_BYTES: '65536',
};

describe('what deployed functions are told of identity', () => {
  test('IAM-4 which servers take bound tokens, and where used proofs are noted', () => {
    const settings = readProxySettings({ ...ENVIRONMENT, MCP_SENDER_CONSTRAINTS: '{"files":"required","crm":"optional"}', MCP_PROOF_TABLE: 'proofs' });
    expect([...settings.senderConstraints]).toEqual([['files', 'required'], ['crm', 'optional']]);
    expect(settings.proofTable).toBe('proofs');
    expect(readSharedSettings(ENVIRONMENT).senderConstraints.size).toBe(0);
  });

  test.each(['{"files":"always"}', '[]', 'required', '{"files":true}'])('a function that is told %s does not start', (text) => {
    expect(() => readSharedSettings({ ...ENVIRONMENT, MCP_SENDER_CONSTRAINTS: text })).toThrow('MCP_SENDER_CONSTRAINTS');
  });

  test('IAM-5 an issuer without keys is one whose metadata leads to them', () => {
    expect(readSharedSettings(ENVIRONMENT).issuers).toEqual([{ issuer: 'https://login.example.com', jwks: undefined }]);
  });

  test('IAM-3 credentials towards a server, with the secret of Secrets Manager that they name', async () => {
    const secrets = mockClient(SecretsManagerClient);
    secrets.on(GetSecretValueCommand, { SecretId: 'arn:token' }).resolves({ SecretString: '{"apiKey":"s3cret"}' });
    const { credentials } = await serverOptions(new SecretsManagerClient({ region: 'eu-west-1' }), { name: 'crm', url: 'https://crm.example.com/mcp', credentials: { type: 'secret', secret: { secretArn: 'arn:token', key: 'apiKey' } } });
    const request = { method: 'POST' as const, url: new URL('https://crm.example.com/mcp'), body: () => '' };
    expect(await credentials!.headersFor(request, undefined)).toEqual({ authorization: 'Bearer s3cret' });
  });
});

describe('the authorizer', () => {
  const resource = 'https://mcp.example.com/v1/mcp/files';

  function eventOf(headers: Record<string, string>, clientCertPem?: string): APIGatewayRequestAuthorizerEvent {
    return {
      methodArn: 'arn',
      path: '/mcp/files',
      httpMethod: 'POST',
      multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      pathParameters: { server: 'files' },
      multiValueQueryStringParameters: null,
      requestContext: { requestId: 'r', identity: { sourceIp: '203.0.113.9', ...(clientCertPem === undefined ? {} : { clientCert: { clientCertPem } }) } },
    } as unknown as APIGatewayRequestAuthorizerEvent;
  }

  async function authorizerFor(signerJwks: Awaited<ReturnType<typeof createSigner>>['jwks']) {
    return createAuthorizer({
      publicUrl: 'https://mcp.example.com/v1',
      allowedOrigins: [],
      refusals: 'challenge',
      senderConstraints: new Map([['files', 'required']]),
      authenticator: createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signerJwks }], clock: () => NOW * 1000, dpop: { replayStore: NO_REPLAY_STORE } }),
      decisionPoint: { decide: ({ context }) => (context.authentication?.senderConstrained === true ? { effect: 'allow', policyIds: [] } : { effect: 'deny', policyIds: [], reason: 'not_permitted' }), visible: () => [] },
      audit: { write: () => undefined, flush: async () => undefined },
      clock: () => NOW * 1000,
    });
  }

  test('IAM-4 checks the proof of the public URL, stage and all, and leaves it to the proxy to remember it', async () => {
    const signer = await createSigner();
    const client = await createProver();
    const token = await signer.sign({ aud: resource, cnf: { jkt: client.thumbprint } });
    const authorize = await authorizerFor(signer.jwks);
    const dpop = await client.prove(token, { htu: resource });
    for (let i = 0; i < 2; i++) expect((await authorize(eventOf({ Authorization: `DPoP ${token}`, DPoP: dpop }))).policyDocument.Statement[0]).toMatchObject({ Effect: 'Allow' });
    const refused = await authorize(eventOf({ Authorization: `Bearer ${token}` }));
    expect(refused.policyDocument.Statement[0]).toMatchObject({ Effect: 'Deny' });
    expect(refused.context?.challenge).toMatch(/^DPoP error="invalid_token"/);
    const elsewhere = await client.prove(token, { htu: 'https://mcp.example.com/mcp/files' });
    expect((await authorize(eventOf({ Authorization: `DPoP ${token}`, DPoP: elsewhere }))).policyDocument.Statement[0]).toMatchObject({ Effect: 'Deny' });
  });

  test('IAM-4 RFC 8705: takes the client certificate that API Gateway has verified', async () => {
    const { cert } = ephemeralCertificate('client', Date.now());
    const thumbprint = createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url');
    expect(certificateOf({ clientCert: { clientCertPem: cert } })).toBe(thumbprint);
    expect(certificateOf({})).toBeUndefined();
    const signer = await createSigner();
    const authorize = await authorizerFor(signer.jwks);
    const authorization = `Bearer ${await signer.sign({ aud: resource, cnf: { 'x5t#S256': thumbprint } })}`;
    expect((await authorize(eventOf({ Authorization: authorization }, cert))).policyDocument.Statement[0]).toMatchObject({ Effect: 'Allow' });
    expect((await authorize(eventOf({ Authorization: authorization }, ephemeralCertificate('client', Date.now()).cert))).policyDocument.Statement[0]).toMatchObject({ Effect: 'Deny' });
    expect((await authorize(eventOf({ Authorization: authorization }))).policyDocument.Statement[0]).toMatchObject({ Effect: 'Deny' });
  });
});

describe('an issuer that is asked about opaque tokens', () => {
  const issuers = (introspection: object) => readSharedSettings({ ...ENVIRONMENT, MCP_ISSUERS: JSON.stringify([{ issuer: 'https://login.example.com', jwks: 'https://login.example.com/jwks', introspection }]) });

  test('is one that the function has a secret for', () => {
    expect(() => authenticatorOf(issuers({ clientId: 'gateway', clientSecret: { secretArn: 'arn' } }))).not.toThrow();
    expect(() => authenticatorOf(issuers({ clientId: 'gateway' }))).toThrow('an introspection without a secret');
    expect(() => authenticatorOf(issuers({ clientId: 'gateway', privateKey: { secretArn: 'arn' }, endpoint: 'http://login.example.com/introspect' }))).toThrow('expected https');
  });
});
