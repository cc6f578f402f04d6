import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecretHeader, createUpstreamCredentials, CredentialUnavailable, fileSecret, fixedSecret } from '../../lambda/credentials';
import { secretsManagerSecret } from '../../lambda/credentials/aws-secret';
import { createSigV4 } from '../../lambda/credentials/aws-sigv4';
import { ALICE, BOB, NOW, REQUEST } from './fixtures';

describe('AWS Signature Version 4', () => {
  const keys = async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', sessionToken: 'session' });
  const credentials = createSigV4({ service: 'execute-api', region: 'eu-west-1', keys, clock: () => NOW });

  it('signs method, path, query, host, time and body with the gateway\'s own role', async () => {
    const headers = await credentials.headersFor(REQUEST, ALICE);
    expect(headers).toMatchObject({ 'x-amz-date': '20260101T000000Z', 'x-amz-security-token': 'session', 'x-amz-content-sha256': expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20260101\/eu-west-1\/execute-api\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/);
    expect(headers).not.toHaveProperty('host');
    const changes = [{ method: 'DELETE' as const }, { url: new URL('https://crm.example.com/mcp?tenant=8') }, { url: new URL('https://other.example.com/mcp?tenant=7') }, { body: () => '{}' }];
    const signatures = await Promise.all([{}, ...changes].map(async (change) => (await credentials.headersFor({ ...REQUEST, ...change }, BOB)).authorization));
    expect(new Set(signatures).size).toBe(5);
    expect(signatures[0]).toBe(headers.authorization);
  });

  it('fails where there are no keys', async () => {
    const nothing = createSigV4({ service: 'lambda', region: 'eu-west-1', keys: () => Promise.reject(new Error('no')) });
    await expect(nothing.headersFor(REQUEST, ALICE)).rejects.toThrow(CredentialUnavailable);
  });
});

describe('a secret of the server', () => {
  it('goes into a header', async () => {
    expect(await createSecretHeader({ secret: fixedSecret('s3cret') }).headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Bearer s3cret' });
    expect(await createSecretHeader({ secret: fixedSecret('s3cret'), header: 'X-Api-Key' }).headersFor(REQUEST, ALICE)).toEqual({ 'x-api-key': 's3cret' });
    expect(await createSecretHeader({ secret: fixedSecret('s3cret'), prefix: 'Token ' }).headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Token s3cret' });
  });

  it('that is no header value is not sent, and not told', async () => {
    const sent = createSecretHeader({ secret: fixedSecret('s3cret\r\nx: y') }).headersFor(REQUEST, ALICE);
    await expect(sent).rejects.toThrow(/^the secret cannot be sent in a header$/);
  });

  it('in a file is read for each use', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'secret-'));
    const file = join(folder, 'token');
    const credentials = createSecretHeader({ secret: fileSecret(file) });
    await expect(credentials.headersFor(REQUEST, ALICE)).rejects.toThrow(CredentialUnavailable);
    for (const value of ['one', 'two\n']) {
      writeFileSync(file, value);
      expect(await credentials.headersFor(REQUEST, ALICE)).toEqual({ authorization: `Bearer ${value.trim()}` });
    }
    rmSync(folder, { recursive: true });
  });
});

describe('a secret of AWS Secrets Manager', () => {
  const secrets = mockClient(SecretsManagerClient);
  const ARN = 'arn:aws:secretsmanager:eu-west-1:1:secret:x';
  let now: number;
  beforeEach(() => {
    secrets.reset();
    now = NOW;
  });
  const secret = (key?: string) => secretsManagerSecret(new SecretsManagerClient({ region: 'eu-west-1' }), ARN, key, () => now);
  const answer = (SecretString?: string) => secrets.on(GetSecretValueCommand, { SecretId: ARN }).resolves({ SecretString });

  it('is read once, and again when it is five minutes old', async () => {
    const kept = secret();
    answer('first');
    expect(await Promise.all([kept.read(), kept.read()])).toEqual(['first', 'first']);
    answer('second');
    now += 299_000;
    expect(await kept.read()).toBe('first');
    now += 1_000;
    expect(await kept.read()).toBe('second');
    expect(secrets.commandCalls(GetSecretValueCommand)).toHaveLength(2);
  });

  it('MUL-3 that was rotated is read anew as soon as the server refuses it', async () => {
    const credentials = createSecretHeader({ secret: secret() });
    answer('first');
    await credentials.headersFor(REQUEST, ALICE);
    answer('second');
    now += 10_000;
    credentials.refused(ALICE);
    expect(await credentials.headersFor(REQUEST, ALICE)).toEqual({ authorization: 'Bearer second' });
    for (let i = 0; i < 10; i++) {
      credentials.refused(ALICE);
      await credentials.headersFor(REQUEST, ALICE);
    }
    expect(secrets.commandCalls(GetSecretValueCommand)).toHaveLength(2);
  });

  it('is tried again after it could not be read', async () => {
    const kept = secret();
    secrets.on(GetSecretValueCommand).rejectsOnce(new Error('throttled')).resolves({ SecretString: 'x' });
    await expect(kept.read()).rejects.toThrow('throttled');
    expect(await kept.read()).toBe('x');
  });

  it.each([['{"password": "p"}', 'p'], ['{"user": "p"}', undefined], ['{"password": 7}', undefined], ['p', undefined], ['{"__proto__": {"password": "p"}}', undefined]])('can be one member of an object: %s', async (text, value) => {
    answer(text);
    const read = secret('password').read();
    if (value === undefined) await expect(read).rejects.toThrow(/^the secret arn:\S+ has no text under the key "password"$/);
    else expect(await read).toBe(value);
  });
});

describe('credentials as settings say them', () => {
  const surroundings = { url: 'https://crm.example.com/mcp', secretAt: fixedSecret };

  it.each<[string, Parameters<typeof createUpstreamCredentials<string>>[0], 'principal' | 'gateway']>([
    ['tokenExchange', { type: 'tokenExchange', issuer: 'https://i.example.com', clientId: 'g', clientSecret: 's' }, 'principal'],
    ['clientCredentials', { type: 'clientCredentials', tokenEndpoint: 'https://i.example.com/t', clientId: 'g', privateKey: 'k' }, 'gateway'],
    ['identityAssertion', { type: 'identityAssertion', identityProvider: { issuer: 'https://i.example.com', clientId: 'g', clientSecret: 's' }, authorizationServer: { issuer: 'https://a.example.com', clientId: 'g', clientSecret: 's' } }, 'principal'],
    ['secret', { type: 'secret', secret: 's' }, 'gateway'],
  ])('%s', (_type, settings, owner) => {
    expect(createUpstreamCredentials(settings, surroundings).owner).toBe(owner);
  });

  it('refuse what cannot work', () => {
    expect(() => createUpstreamCredentials({ type: 'tokenExchange', issuer: 'https://i', clientId: 'g' }, surroundings)).toThrow('needs "clientSecret" or "privateKey"');
    expect(() => createUpstreamCredentials({ type: 'clientCredentials', clientId: 'g', clientSecret: 's' }, surroundings)).toThrow('needs "issuer" or "tokenEndpoint"');
    expect(() => createUpstreamCredentials({ type: 'sigV4', service: 'lambda' }, surroundings)).toThrow('not available here');
  });
});
