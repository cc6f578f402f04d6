import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileSecret } from '../../credentials';
import { assertIssuers, type IntrospectionOptions, type SecretText, type TrustedIssuer } from '../../identity';
import { whyUnreadable } from '../unreadable';
import type { IdentityConfig } from './config';
import type { SecretEntry } from './credentials';
import type { ConfigDocument } from './document';
import { interpolate, type Environment } from './interpolate';
import type { ConfigProblem } from './problem';

interface IntrospectionEntry {
  readonly endpoint?: string;
  readonly clientId: string;
  readonly clientSecret?: SecretEntry;
  readonly privateKey?: SecretEntry;
  readonly keyId?: string;
  readonly cacheSeconds?: number;
}

/** `identity` of a configuration file. */
export interface IdentityEntry extends Pick<IdentityConfig, 'senderConstraint' | 'dpop' | 'clockToleranceSeconds'>, Pick<TrustedIssuer, 'circumstanceClaims'> {
  readonly issuer: string;
  readonly jwks?: string;
  readonly introspection?: IntrospectionEntry;
  readonly audience?: string | readonly string[];
  readonly groupsClaim?: string;
  readonly requiredScopes?: readonly string[];
  readonly acceptPlainJwt?: boolean;
}

/** What the file says of whom the gateway believes, with the keys of the issuer read. */
export function readIdentity(
  document: ConfigDocument,
  folder: string,
  environment: Environment | undefined,
  entry: IdentityEntry,
): { readonly identity?: IdentityConfig; readonly problems: readonly ConfigProblem[] } {
  const { issuer, audience, groupsClaim, acceptPlainJwt, requiredScopes = [], circumstanceClaims, senderConstraint, dpop, clockToleranceSeconds } = entry;
  try {
    const jwks = entry.jwks === undefined ? undefined : /^https?:\/\//.test(entry.jwks) ? new URL(entry.jwks) : readKeySet(resolve(folder, entry.jwks));
    const introspection = entry.introspection && readIntrospection(folder, environment, entry.introspection);
    const trusted: TrustedIssuer = { issuer, jwks, audiences: audience === undefined ? undefined : [audience].flat(), groupsClaim, acceptPlainJwt, introspection, circumstanceClaims };
    assertIssuers([trusted]);
    return { identity: { trusted, requiredScopes, senderConstraint, dpop, clockToleranceSeconds }, problems: [] };
  } catch (error) {
    return { problems: [document.problemAt(['identity', ...(entry.jwks === undefined ? [] : ['jwks'])], (error as Error).message)] };
  }
}

function readIntrospection(folder: string, environment: Environment | undefined, entry: IntrospectionEntry): IntrospectionOptions {
  const { clientId, clientSecret, privateKey, keyId, cacheSeconds } = entry;
  const textOf = (place: SecretEntry): SecretText => {
    if (typeof place !== 'string') return () => fileSecret(resolve(folder, place.file)).read();
    const text = interpolate(place, environment);
    if (!text.ok) throw new TypeError(`introspection: ${text.message}`);
    return text.text;
  };
  const endpoint = entry.endpoint === undefined ? undefined : new URL(entry.endpoint);
  if (privateKey !== undefined) return { endpoint, cacheSeconds, client: { method: 'private_key_jwt', clientId, key: textOf(privateKey), keyId } };
  if (clientSecret === undefined) throw new TypeError('introspection needs "clientSecret" or "privateKey"');
  return { endpoint, cacheSeconds, client: { method: 'client_secret_basic', clientId, secret: textOf(clientSecret) } };
}

function readKeySet(path: string): Exclude<TrustedIssuer['jwks'], URL> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Exclude<TrustedIssuer['jwks'], URL>;
  } catch (error) {
    const what = error instanceof SyntaxError ? 'it is not JSON' : whyUnreadable(error);
    throw new TypeError(`no JSON Web Key Set in ${path}: ${what}`);
  }
}
