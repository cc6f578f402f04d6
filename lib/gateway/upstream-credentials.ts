import { Token } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** An authorization server that the gateway gets tokens from, and who the gateway is there. */
export interface AuthorizationServerClient {
  /**
   * Issuer of the authorization server; its metadata names the token endpoint.
   *
   * @default - `tokenEndpoint` is required
   */
  readonly issuer?: string;

  /**
   * Where tokens are asked for, an https URL.
   *
   * @default - as the metadata of `issuer` says
   */
  readonly tokenEndpoint?: string;

  /** The gateway's client id. */
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
   * The `kid` of the private key, as the authorization server knows it.
   *
   * @default - the `kid` of a JWK, none for PEM
   */
  readonly keyId?: string;
}

/** How tokens for a server are asked for. */
export interface TokenCredentialsOptions extends AuthorizationServerClient {
  /**
   * The server as its tokens name it (RFC 8707).
   *
   * @default - the URL of the server, unless `audience` is given
   */
  readonly resource?: string;

  /**
   * The server's name at the authorization server.
   *
   * @default - `resource` is used
   */
  readonly audience?: string;

  /**
   * Scopes to ask for.
   *
   * @default - the authorization server decides
   */
  readonly scopes?: string[];
}

/** How an identity assertion becomes a token of the server's own authorization server. */
export interface IdentityAssertionOptions {
  /** Issues the assertion for the principal: the identity provider that clients sign in at. */
  readonly identityProvider: AuthorizationServerClient;

  /** Takes the assertion for a token; needs `issuer`. */
  readonly authorizationServer: AuthorizationServerClient;

  /**
   * The server as its tokens name it.
   *
   * @default - the URL of the server
   */
  readonly resource?: string;

  /**
   * Scopes to ask for.
   *
   * @default - the authorization server decides
   */
  readonly scopes?: string[];
}

/** How a secret goes into a header. */
export interface SecretHeaderOptions {
  /**
   * Name of the header.
   *
   * @default 'authorization'
   */
  readonly header?: string;

  /**
   * Put before the secret.
   *
   * @default - `Bearer ` in `authorization`, nothing elsewhere
   */
  readonly prefix?: string;

  /**
   * Member of the JSON object that the secret is.
   *
   * @default - the secret is the text itself
   */
  readonly jsonField?: string;
}

/** What requests are signed for. */
export interface SigV4Options {
  /** Name of the service as signatures have it: `execute-api`, `lambda`, `bedrock-agentcore`. */
  readonly service: string;

  /**
   * Region of the service.
   *
   * @default - the region of the gateway
   */
  readonly region?: string;
}

/** What the gateway shows a server behind it: never the client's token (IAM-3). Secrets are read by the proxy alone, and read again when they are rotated. */
export class UpstreamCredentials {
  /** Exchanges the token of each principal for one that is for the server (RFC 8693). */
  static tokenExchange(options: TokenCredentialsOptions): UpstreamCredentials {
    return new UpstreamCredentials(tokenSettings('tokenExchange', options), secretsOf(options));
  }

  /** A token of the gateway's own (RFC 6749 section 4.4): the server cannot tell principals apart. */
  static clientCredentials(options: TokenCredentialsOptions): UpstreamCredentials {
    return new UpstreamCredentials(tokenSettings('clientCredentials', options), secretsOf(options));
  }

  /** An identity assertion of the principal's identity provider, and a token of the server's authorization server for it (ID-JAG). */
  static identityAssertion(options: IdentityAssertionOptions): UpstreamCredentials {
    const { identityProvider, authorizationServer, ...rest } = options;
    if (authorizationServer.issuer === undefined) throw new Error('authorizationServer has no issuer, and an identity assertion names the issuer that it is for');
    const settings = { type: 'identityAssertion', identityProvider: clientSettings(identityProvider), authorizationServer: clientSettings(authorizationServer), ...rest };
    return new UpstreamCredentials(settings, [...secretsOf(identityProvider), ...secretsOf(authorizationServer)]);
  }

  /** A secret in a header, the same for every principal. */
  static secret(secret: secretsmanager.ISecret, options: SecretHeaderOptions = {}): UpstreamCredentials {
    const { jsonField, ...rest } = options;
    return new UpstreamCredentials({ type: 'secret', secret: { secretArn: secret.secretArn, key: jsonField }, ...rest }, [secret]);
  }

  /** Signatures of the proxy's own role; grant the role what it needs, for instance with `api.grantInvoke(gateway)`. */
  static sigV4(options: SigV4Options): UpstreamCredentials {
    return new UpstreamCredentials({ type: 'sigV4', ...options }, []);
  }

  private constructor(
    private readonly settings: Readonly<Record<string, unknown>>,
    private readonly secrets: readonly secretsmanager.ISecret[],
  ) {}

  /**
   * ARNs of the secrets that it needs.
   *
   * @internal
   */
  get _secretArns(): string[] {
    return [...new Set(this.secrets)].map(({ secretArn }) => secretArn);
  }

  /**
   * Lets the proxy read what it needs, and says how it is told.
   *
   * @internal
   */
  _bind(proxy: iam.IGrantable): Readonly<Record<string, unknown>> {
    for (const secret of new Set(this.secrets)) secret.grantRead(proxy);
    return this.settings;
  }
}

/** Settings of credentials that are tokens of an authorization server. */
function tokenSettings(type: string, options: TokenCredentialsOptions): Readonly<Record<string, unknown>> {
  const { resource, audience, scopes } = options;
  return { type, ...clientSettings(options), resource, audience, scopes };
}

function clientSettings(client: AuthorizationServerClient): Readonly<Record<string, unknown>> {
  const { issuer, tokenEndpoint, clientId, clientSecret, privateKey, keyId } = client;
  if (issuer === undefined && tokenEndpoint === undefined) throw new Error(`the authorization server of client ${JSON.stringify(clientId)} has neither issuer nor tokenEndpoint, expected one of them`);
  if ((clientSecret === undefined) === (privateKey === undefined)) throw new Error(`the client ${JSON.stringify(clientId)} of an authorization server needs either clientSecret or privateKey`);
  for (const url of [issuer, tokenEndpoint]) {
    if (url !== undefined && !Token.isUnresolved(url) && !url.startsWith('https://')) throw new Error(`the authorization server is at ${JSON.stringify(url)}, expected an https URL`);
  }
  return {
    issuer,
    tokenEndpoint,
    clientId,
    keyId,
    clientSecret: clientSecret && { secretArn: clientSecret.secretArn },
    privateKey: privateKey && { secretArn: privateKey.secretArn },
  };
}

function secretsOf({ clientSecret, privateKey }: AuthorizationServerClient): secretsmanager.ISecret[] {
  return [clientSecret, privateKey].filter((secret) => secret !== undefined);
}
