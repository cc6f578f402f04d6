import { Token, type Duration } from 'aws-cdk-lib';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { assertIssuers } from '../../lambda/identity/trusted-issuer';
import type { TrustedIssuer } from '../../lambda/identity/trusted-issuer';

type KeySet = Exclude<NonNullable<TrustedIssuer['jwks']>, URL>;

/** An authorization server whose access tokens the gateway accepts (IAM-1). */
export interface McpTokenIssuer {
  /** The exact value of the tokens' `iss` claim. */
  readonly issuer: string;

  /**
   * Where the issuer publishes its public keys, an https URL.
   *
   * @default - the keys are given with `jwks`
   */
  readonly jwksUri?: string;

  /**
   * The issuer's public keys themselves, a JSON Web Key Set as JSON, for a gateway that cannot reach the issuer. When the issuer changes
   * its keys, this has to change with them.
   *
   * @default - the keys are fetched from `jwksUri`, and again when they change
   */
  readonly jwks?: string;

  /**
   * Values of `aud` that are accepted besides the URL of the MCP server itself, for issuers that put their own name of the API
   * there (IAM-3).
   *
   * @default - only the URL of the MCP server
   */
  readonly audiences?: string[];

  /**
   * The claim that lists the groups of the subject: `cognito:groups` for Amazon Cognito.
   *
   * @default 'groups'
   */
  readonly groupsClaim?: string;

  /**
   * Accept tokens whose header does not say that they are access tokens. Amazon Cognito, Okta, Entra ID and Keycloak need it.
   *
   * @default false
   */
  readonly acceptPlainJwt?: boolean;

  /**
   * Put before the names of principals and groups of this issuer, so that no issuer can name another's. Required where there is
   * more than one issuer.
   *
   * @default ''
   */
  readonly subjectPrefix?: string;

  /**
   * Ask the issuer about tokens that are no JWT (RFC 7662). One issuer may have this.
   *
   * @default - only JWTs are tokens
   */
  readonly introspection?: McpTokenIntrospection;

  /**
   * The claim whose text policies see as `context.purpose` (JIT-3).
   *
   * @default - none
   */
  readonly purposeClaim?: string;

  /**
   * The claim whose number from 0 to 100 policies see as `context.risk` (JIT-2).
   *
   * @default - none
   */
  readonly riskClaim?: string;

  /**
   * The claim whose boolean policies see as `context.device.trusted` (JIT-2).
   *
   * @default - none
   */
  readonly deviceTrustedClaim?: string;
}

/** How an issuer is asked about opaque tokens, and who the gateway is there. */
export interface McpTokenIntrospection {
  /**
   * The introspection endpoint, an https URL.
   *
   * @default - as the issuer's metadata says
   */
  readonly endpoint?: string;

  /** The gateway's client id at the issuer. */
  readonly clientId: string;

  /**
   * The gateway's client secret, as the text of the secret.
   *
   * @default - `privateKey` is required
   */
  readonly clientSecret?: secretsmanager.ISecret;

  /**
   * A private key, PEM or JWK, for `private_key_jwt` (RFC 7523).
   *
   * @default - `clientSecret` is required
   */
  readonly privateKey?: secretsmanager.ISecret;

  /**
   * The `kid` of the private key, as the issuer knows it.
   *
   * @default - the `kid` of a JWK, none for PEM
   */
  readonly keyId?: string;

  /**
   * How long an answer is believed: a token that is revoked works for so much longer. At most 5 minutes.
   *
   * @default Duration.seconds(30)
   */
  readonly cacheDuration?: Duration;
}

/** An issuer as the functions are told of it. */
export function issuerSettings(issuer: McpTokenIssuer): object {
  const { jwksUri: _uri, jwks: _set, introspection, purposeClaim: purpose, riskClaim: risk, deviceTrustedClaim: deviceTrusted, ...rest } = issuer;
  const claims = { purpose, risk, deviceTrusted };
  return {
    ...rest,
    jwks: keysOf(issuer),
    introspection: introspection && introspectionSettings(issuer, introspection),
    circumstanceClaims: Object.values(claims).some((claim) => claim !== undefined) ? claims : undefined,
  };
}

function introspectionSettings({ issuer }: McpTokenIssuer, { endpoint, clientId, clientSecret, privateKey, keyId, cacheDuration }: McpTokenIntrospection): object {
  if ((clientSecret === undefined) === (privateKey === undefined)) throw new Error(`introspection at the token issuer ${JSON.stringify(issuer)} needs either clientSecret or privateKey`);
  if (endpoint !== undefined && !Token.isUnresolved(endpoint) && !endpoint.startsWith('https://')) throw new Error(`the introspection endpoint is ${JSON.stringify(endpoint)}, expected an https URL`);
  if (cacheDuration !== undefined && cacheDuration.toSeconds() > 300) throw new Error(`cacheDuration is ${cacheDuration.toSeconds()} seconds, expected at most 300`);
  return {
    endpoint,
    clientId,
    keyId,
    clientSecret: clientSecret && { secretArn: clientSecret.secretArn },
    privateKey: privateKey && { secretArn: privateKey.secretArn },
    cacheSeconds: cacheDuration?.toSeconds(),
  };
}

/** The secrets that the functions need to ask issuers about tokens. */
export function issuerSecrets(issuers: readonly McpTokenIssuer[]): secretsmanager.ISecret[] {
  return issuers.flatMap(({ introspection }) => [introspection?.clientSecret, introspection?.privateKey].filter((secret) => secret !== undefined));
}

/** @throws when the issuers could not be told apart, or their keys are not to be had safely. What is a token is not looked at. */
export function assertTokenIssuers(issuers: readonly McpTokenIssuer[]): void {
  if (issuers.length === 0) throw new Error('tokenIssuers is empty, expected at least one authorization server whose tokens are accepted');
  if (issuers.filter(({ introspection }) => introspection !== undefined).length > 1) throw new Error('more than one token issuer has introspection, expected one: a token that says nothing would be shown to all of them');
  if (issuers.some(({ issuer, jwksUri }) => Token.isUnresolved(issuer) || Token.isUnresolved(jwksUri))) return;
  assertIssuers(issuers.map((issuer) => {
    const { jwksUri: _uri, jwks: _set, introspection: _client, ...rest } = issuer;
    const keys = keysOf(issuer);
    return { ...rest, jwks: typeof keys === 'string' ? new URL(keys) : keys };
  }));
}

/**
 * The keys of an issuer as the functions are told of them: a URL, or a key set.
 *
 * @throws Error when there is neither or both, or a key set that is none
 */
export function keysOf({ issuer, jwksUri, jwks }: McpTokenIssuer): string | KeySet {
  if ((jwksUri === undefined) === (jwks === undefined)) throw new Error(`the token issuer ${JSON.stringify(issuer)} has ${jwks === undefined ? 'neither jwksUri nor' : 'both jwksUri and'} jwks, expected one of them`);
  if (jwksUri !== undefined) return jwksUri;
  const set = parsed(jwks!) as KeySet | undefined;
  if (!Array.isArray(set?.keys) || set.keys.length === 0) throw new Error(`the jwks of the token issuer ${JSON.stringify(issuer)} is no JSON Web Key Set, expected {"keys": [...]}`);
  const secret = set.keys.find((key) => key.d !== undefined || key.k !== undefined);
  if (secret) throw new Error(`the jwks of the token issuer ${JSON.stringify(issuer)} has a private or symmetric key, expected public keys`);
  return set;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
