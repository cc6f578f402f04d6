import type { ClientAuthentication } from '../identity';
import { createOutbound, type Outbound } from '../outbound';
import { createClientCredentials } from './client-credentials';
import { createIdentityAssertion } from './identity-assertion';
import type { Secret } from './secret';
import { createSecretHeader } from './secret-header';
import type { AuthorizationServer } from './token-endpoint';
import { createTokenExchange } from './token-exchange';
import type { UpstreamCredentials } from './upstream-credentials';

/** How a server is told who calls, as configuration files and environment variables say it (JSON). */
export type CredentialSettings<SecretPlace> =
  | ({ readonly type: 'tokenExchange' } & AuthorizationServerSettings<SecretPlace> & TokenSettings)
  | ({ readonly type: 'clientCredentials' } & AuthorizationServerSettings<SecretPlace> & TokenSettings)
  | {
      readonly type: 'identityAssertion';
      readonly identityProvider: AuthorizationServerSettings<SecretPlace>;
      readonly authorizationServer: AuthorizationServerSettings<SecretPlace> & { readonly issuer: string };
      readonly subjectTokenType?: string;
      readonly resource?: string;
      readonly scopes?: readonly string[];
    }
  | { readonly type: 'secret'; readonly secret: SecretPlace; readonly header?: string; readonly prefix?: string }
  | { readonly type: 'sigV4'; readonly service: string; readonly region?: string };

/** Of `issuer` and `tokenEndpoint` one is needed. */
export interface AuthorizationServerSettings<SecretPlace> {
  readonly issuer?: string;
  readonly tokenEndpoint?: string;
  readonly clientId: string;
  /** @default - `privateKey` is used */
  readonly clientSecret?: SecretPlace;
  /** PEM or JWK, for `private_key_jwt` (RFC 7523). */
  readonly privateKey?: SecretPlace;
  readonly keyId?: string;
  readonly algorithm?: string;
}

export interface TokenSettings {
  readonly resource?: string;
  readonly audience?: string;
  readonly scopes?: readonly string[];
}

/** What settings alone do not say. */
export interface CredentialSurroundings<SecretPlace> {
  /** URL of the MCP server. */
  readonly url: string;
  readonly secretAt: (place: SecretPlace) => Secret;
  /** Signs for AWS; where there is no such thing, settings of type `sigV4` are refused. */
  readonly signer?: (service: string, region: string | undefined) => UpstreamCredentials;
  /** @default - over the network, under the rules for learned URLs */
  readonly outbound?: Outbound;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** @throws TypeError when the settings cannot be used; the message says nothing of a secret */
export function createUpstreamCredentials<SecretPlace>(
  settings: CredentialSettings<SecretPlace>,
  surroundings: CredentialSurroundings<SecretPlace>,
): UpstreamCredentials {
  const { url, secretAt, clock } = surroundings;
  const serverOf = (server: AuthorizationServerSettings<SecretPlace>) => authorizationServer(server, secretAt);
  const outboundFor = (...servers: AuthorizationServerSettings<SecretPlace>[]) => surroundings.outbound ?? createOutbound({ configured: servers.flatMap(configuredUrls) });
  switch (settings.type) {
    case 'tokenExchange':
    case 'clientCredentials': {
      const { resource = settings.audience === undefined ? url : undefined, audience, scopes } = settings;
      const create = settings.type === 'tokenExchange' ? createTokenExchange : createClientCredentials;
      return create({ server: serverOf(settings), resource, audience, scopes, outbound: outboundFor(settings), clock });
    }
    case 'identityAssertion': {
      const { identityProvider, authorizationServer: server, subjectTokenType, resource = url, scopes } = settings;
      const outbound = outboundFor(identityProvider, server);
      return createIdentityAssertion({ identityProvider: serverOf(identityProvider), server: { ...serverOf(server), issuer: server.issuer }, subjectTokenType, resource, scopes, outbound, clock });
    }
    case 'secret':
      return createSecretHeader({ secret: secretAt(settings.secret), header: settings.header, prefix: settings.prefix });
    case 'sigV4':
      if (surroundings.signer === undefined) throw new TypeError('signatures of AWS are not available here');
      return surroundings.signer(settings.service, settings.region);
  }
}

function authorizationServer<SecretPlace>(settings: AuthorizationServerSettings<SecretPlace>, secretAt: (place: SecretPlace) => Secret): AuthorizationServer {
  const { issuer, tokenEndpoint } = settings;
  if (issuer === undefined && tokenEndpoint === undefined) throw new TypeError('an authorization server needs "issuer" or "tokenEndpoint"');
  return { issuer, tokenEndpoint: tokenEndpoint === undefined ? undefined : new URL(tokenEndpoint), ...clientOf(settings, secretAt) };
}

function clientOf<SecretPlace>(settings: AuthorizationServerSettings<SecretPlace>, secretAt: (place: SecretPlace) => Secret): Pick<AuthorizationServer, 'client' | 'clientRefused'> {
  const { clientId, clientSecret, privateKey, keyId, algorithm } = settings;
  const place = privateKey ?? clientSecret;
  if (place === undefined) throw new TypeError('a client of an authorization server needs "clientSecret" or "privateKey"');
  const secret = secretAt(place);
  const read = () => secret.read();
  const client: ClientAuthentication =
    privateKey === undefined ? { method: 'client_secret_basic', clientId, secret: read } : { method: 'private_key_jwt', clientId, key: read, keyId, algorithm };
  return { client, clientRefused: () => secret.expire() };
}

function configuredUrls({ issuer, tokenEndpoint }: { readonly issuer?: string; readonly tokenEndpoint?: string }): URL[] {
  return [issuer, tokenEndpoint].flatMap((url) => (url !== undefined && URL.canParse(url) ? [new URL(url)] : []));
}
