import { createHmac } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createPinoSink } from '../audit';
import { createGateway, type Gateway, type ServerOptions } from '../gateway';
import { createRateLimiter, DEFAULT_RATE_LIMITS } from '../limits';
import { isJsonObject } from '../protocol';
import { authenticatorOf, decisionPointOf } from './aws-decision-point';
import type { ProxySettings, ServerSettings } from './settings';

/**
 * The gateway of a deployed proxy function. Its rate limits count what one instance sees; what holds for all instances
 * together is AWS WAF's rate rule and API Gateway's throttling (GW-3).
 *
 * @throws when a secret cannot be read or is not what it should be: the function must not start
 */
export async function startProxyGateway(settings: ProxySettings, secrets = new SecretsManagerClient({})): Promise<Gateway> {
  const secret = await readSecret(secrets, settings.keySecretArn);
  if (secret.length < 32) throw new Error('the key secret must have at least 32 characters');
  const keyFor = (purpose: string) => createHmac('sha256', secret).update(purpose).digest();
  const { hostname, host, origin } = new URL(settings.publicUrl);
  return createGateway({
    publicUrl: settings.publicUrl,
    servers: await Promise.all(settings.servers.map((server) => serverOptions(secrets, server))),
    authenticator: authenticatorOf(settings),
    authorizationServers: settings.issuers.map(({ issuer }) => issuer),
    scopes: settings.scopes,
    decisionPoint: decisionPointOf(settings),
    rateLimiter: createRateLimiter(DEFAULT_RATE_LIMITS),
    audit: createPinoSink(),
    sealKey: keyFor('seal'),
    digestKey: keyFor('digest'),
    allowedHosts: [...new Set([host, hostname])],
    allowedOrigins: [origin, ...settings.allowedOrigins],
    limits: { maxBodyBytes: settings.maxBodyBytes },
  });
}

async function serverOptions(secrets: SecretsManagerClient, { url, headersSecretArn, unsafeAllowPlainHttp, ...server }: ServerSettings): Promise<ServerOptions> {
  const headers = headersSecretArn === undefined ? {} : readHeaders(server.name, await readSecret(secrets, headersSecretArn));
  return { ...server, upstream: { kind: 'http', url, headers, unsafeAllowPlainHttp } };
}

async function readSecret(secrets: SecretsManagerClient, SecretId: string): Promise<string> {
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
