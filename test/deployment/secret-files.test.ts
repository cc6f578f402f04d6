import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { readSecret, serverOptions } from '../../lambda/deployment/aws-servers';

const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secrets = new SecretsManagerClient({ region: 'eu-west-1' });
const place = (name: string, text?: string) => {
  if (text !== undefined) writeFileSync(join(folder, name), text);
  return pathToFileURL(join(folder, name)).href;
};

describe('MUL-3 a secret that a cluster writes into a file', () => {
  it('is read without the end of its line', async () => {
    expect(await readSecret(secrets, place('key', 'abc def\n'))).toBe('abc def');
  });

  it('is the credential for a server', async () => {
    const { upstream } = await serverOptions(secrets, { name: 'crm', url: 'https://crm.example.com/mcp', headersSecretArn: place('headers', '{"authorization":"Bearer s3cret"}\n') });
    expect(upstream).toMatchObject({ headers: { authorization: 'Bearer s3cret' } });
  });

  it('has to be there, and say something', async () => {
    await expect(readSecret(secrets, place('none'))).rejects.toThrow(/^the secret at file:.*none cannot be read \(ENOENT\)$/);
    await expect(readSecret(secrets, place('empty', '\n'))).rejects.toThrow(/has no text$/);
  });
});
