import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JSONWebKeySet, JWK, JWTHeaderParameters } from 'jose';
import type { AuthenticationInput } from '../../lambda/identity';

export const ISSUER = 'https://login.example.com';
export const RESOURCE = 'https://gateway.example.com/mcp/files';
export const METADATA = 'https://gateway.example.com/.well-known/oauth-protected-resource/mcp/files';
/** 2026-01-01T00:00:00Z in seconds. */
export const NOW = 1_767_225_600;

export interface Signer {
  readonly jwks: JSONWebKeySet;
  readonly jwk: JWK;
  readonly kid: string;
  /** `undefined` as a value removes the claim or header of the default token. */
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
}

export async function createSigner(kid = 'key-1', alg = 'ES256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return { jwks: { keys: [jwk] }, jwk, kid, sign: (claims, header) => sign(privateKey, { alg, kid, typ: 'at+jwt', ...header }, claims) };
}

function sign(key: CryptoKey, header: Record<string, unknown>, claims: Record<string, unknown> = {}): Promise<string> {
  const payload = defined({ ...DEFAULT_CLAIMS, ...claims });
  return new SignJWT(payload).setProtectedHeader(defined(header) as unknown as JWTHeaderParameters).sign(key, { crit: { 'urn:example:crit': false } });
}

export const DEFAULT_CLAIMS = {
  iss: ISSUER,
  aud: RESOURCE,
  sub: 'alice',
  client_id: 'editor',
  iat: NOW - 60,
  exp: NOW + 300,
  scope: 'mcp:tools',
};

function defined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** With headers that a test may add to. */
export type RequestInput = AuthenticationInput & { readonly headers: Headers };

export function requestWith(authorization: string | undefined, overrides: Partial<RequestInput> = {}): RequestInput {
  const headers = new Headers(authorization === undefined ? {} : { authorization });
  return { headers, method: 'POST', url: '/mcp/files', resource: RESOURCE, resourceMetadataUrl: METADATA, ...overrides };
}

export const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
