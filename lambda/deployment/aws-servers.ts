import { readFile } from 'node:fs/promises';
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

/**
 * @param place ARN of a secret, or `file:///...`: in a cluster, a secret store writes secrets into files of the pod (MUL-3)
 * @throws where it cannot be read or has no text
 */
export async function readSecret(secrets: SecretsManagerClient, place: string): Promise<string> {
  if (place.startsWith('file:')) return readSecretFile(place);
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: place }));
  if (SecretString === undefined) throw new Error('a secret of the gateway has no text');
  return SecretString;
}

/** Without the end of the line that editors put at the end of a file. */
async function readSecretFile(place: string): Promise<string> {
  const text = await readFile(new URL(place), 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new Error(`the secret at ${place} cannot be read (${code})`);
  });
  if (text.trim() === '') throw new Error(`the secret at ${place} has no text`);
  return text.replace(/\r?\n$/, '');
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
