import type { JSONWebKeySet } from 'jose';
import type { IntrospectionOptions } from './introspection';
import { isPublicKey } from './public-key';

/** An authorization server whose access tokens are accepted: the identity provider of an enterprise, with its groups (ENT-1). */
export interface TrustedIssuer {
  /** The exact value of the tokens' `iss`. */
  readonly issuer: string;
  /**
   * The issuer's public keys: where it publishes them (https, or http on a loopback address), or the key set itself.
   * @default - where the issuer's metadata says (RFC 8414, OpenID Connect Discovery)
   */
  readonly jwks?: URL | JSONWebKeySet;
  /**
   * Values of `aud` that are accepted besides the URL of the resource itself (RFC 8707), for issuers that put their own
   * name of the API there (Entra ID: the application id).
   * @default - only the URL of the resource
   */
  readonly audiences?: readonly string[];
  /**
   * Name of the top-level claim that lists the subject's groups (`cognito:groups` for Amazon Cognito).
   * @default 'groups'
   */
  readonly groupsClaim?: string;
  /**
   * Accept tokens whose header does not say that they are access tokens. RFC 9068 tokens say it with `typ: at+jwt`
   * (Auth0 with the RFC 9068 profile, Ping, Duende, Curity, Authlete). Amazon Cognito and Okta send no `typ`, Entra ID,
   * Keycloak and Auth0 by default send `JWT`, and so do their ID tokens: set this for them, and a token must then show
   * by its claims that it is an access token (`token_use`, `typ`, `scope`, `scp`, `client_id`, ... and no `nonce`,
   * `at_hash`, `c_hash`, `events`).
   * @default false
   */
  readonly acceptPlainJwt?: boolean;
  /**
   * Put before the subject and the groups, so that no issuer can name another issuer's principals. Required (`''` is an
   * answer) where there is more than one issuer.
   * @default ''
   */
  readonly subjectPrefix?: string;
  /** Ask the issuer about tokens that are no JWT (RFC 7662). One issuer may have this. @default - only JWTs are tokens */
  readonly introspection?: IntrospectionOptions;
  /** Names of claims that say something of the circumstances, for policies (JIT-2, JIT-3). @default - none is looked at */
  readonly circumstanceClaims?: CircumstanceClaims;
}

export interface CircumstanceClaims {
  /** Of a text: what the token is to be used for. */
  readonly purpose?: string;
  /** Of a number from 0 to 100. */
  readonly risk?: string;
  /** Of a boolean: whether the device is managed and healthy. */
  readonly deviceTrusted?: string;
}

/**
 * @throws TypeError when the issuers could not be told apart, or a key location is not safe
 */
export function assertIssuers(issuers: readonly TrustedIssuer[]): void {
  if (issuers.length === 0) throw new TypeError('issuers: expected at least one issuer whose tokens are accepted');
  const names = new Set<string>();
  for (const { issuer, jwks, subjectPrefix, introspection } of issuers) {
    if (issuer === '') throw new TypeError('issuers: an issuer has no name; expected the value of iss in its tokens');
    if (names.has(issuer)) throw new TypeError(`issuers: ${issuer} is there twice`);
    names.add(issuer);
    if (issuers.length > 1 && subjectPrefix === undefined) {
      throw new TypeError(`issuers: ${issuer} needs a subjectPrefix, because several issuers are trusted and could name the same subject`);
    }
    if (jwks === undefined) assertDiscoverable(issuer);
    else if (jwks instanceof URL) assertLocation(`the keys of ${issuer} are`, jwks);
    else assertPublicKeys(issuer, jwks);
    if (introspection !== undefined) assertIntrospection(issuer, introspection);
  }
  // A token that says nothing would have to be shown to one issuer after the other.
  if (issuers.filter(({ introspection }) => introspection !== undefined).length > 1) {
    throw new TypeError('issuers: more than one of them is to be asked about opaque tokens; expected one');
  }
}

function assertDiscoverable(issuer: string): void {
  if (!URL.canParse(issuer)) throw new TypeError(`issuers: ${issuer} is no URL, so its keys cannot be discovered; expected jwks`);
  const url = new URL(issuer);
  if (url.search !== '' || url.hash !== '') throw new TypeError(`issuers: ${issuer} has a query or fragment; expected an issuer as RFC 8414 defines it`);
  assertLocation(`the metadata of ${issuer} is`, url);
}

function assertIntrospection(issuer: string, { endpoint, cacheSeconds = 30 }: IntrospectionOptions): void {
  if (endpoint === undefined) assertDiscoverable(issuer);
  else assertLocation(`the introspection endpoint of ${issuer} is`, endpoint);
  if (!(cacheSeconds >= 0 && cacheSeconds <= 300)) throw new TypeError(`issuers: cacheSeconds of ${issuer} is ${cacheSeconds}; expected a number between 0 and 300`);
}

function assertLocation(what: string, url: URL): void {
  const isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback)) return;
  throw new TypeError(`issuers: ${what} at ${url.protocol}//${url.host}; expected https, or http on a loopback address`);
}

function assertPublicKeys(issuer: string, jwks: JSONWebKeySet): void {
  if (!Array.isArray(jwks?.keys) || jwks.keys.length === 0) {
    throw new TypeError(`issuers: the key set of ${issuer} holds no keys; expected {"keys": [...]} with public keys`);
  }
  if (!jwks.keys.every(isPublicKey)) throw new TypeError(`issuers: the key set of ${issuer} holds a secret or private key; expected public keys only`);
}
