import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createUpstreamCredentials } from '../credentials';
import { secretsManagerSecret } from '../credentials/aws-secret';
import { createAwsSigner } from '../credentials/aws-signer';
import type { ServerOptions } from '../gateway';
import { isJsonObject } from '../protocol';
import type { ServerSettings } from './settings';

/** How a deployed function reaches a server, with the server's own credential. @throws where the secret is not what it should be */
export async function serverOptions(secrets: SecretsManagerClient, { url, headersSecretArn, unsafeAllowPlainHttp, credentials, dataGuard: _dataGuard, ...server }: ServerSettings): Promise<ServerOptions> {
  const headers = headersSecretArn === undefined ? {} : readHeaders(server.name, await readSecret(secrets, headersSecretArn));
  const own = credentials && createUpstreamCredentials(credentials, { url, secretAt: ({ secretArn, key }) => secretsManagerSecret(secrets, secretArn, key), signer: createAwsSigner() });
  return { ...server, credentials: own, upstream: { kind: 'http', url, headers, unsafeAllowPlainHttp } };
}

/** @throws where it cannot be read or has no text */
export async function readSecret(secrets: SecretsManagerClient, SecretId: string): Promise<string> {
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  if (SecretString === undefined) throw new Error('a secret of the gateway has no text');
  return SecretString;
}

function readHeaders(server: string, text: string): Readonly<Record<string, string>> {
  const message = `the headers secret of server ${server} must be a JSON object of header names and texts`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(message);
  }
  if (!isJsonObject(value) || !Object.values(value).every((header) => typeof header === 'string')) throw new Error(message);
  return value as Record<string, string>;
}
