import type { Outbound } from '../outbound';
import { createIssuedTokenCredentials } from './issued-token';
import { asBearer, createTokenEndpoint, type AuthorizationServer } from './token-endpoint';
import type { UpstreamCredentials } from './upstream-credentials';

export const TOKEN_TYPE = {
  ACCESS_TOKEN: 'urn:ietf:params:oauth:token-type:access_token',
  ID_TOKEN: 'urn:ietf:params:oauth:token-type:id_token',
  JWT: 'urn:ietf:params:oauth:token-type:jwt',
  ID_JAG: 'urn:ietf:params:oauth:token-type:id-jag',
} as const;

export const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** How a client's token is turned into one that is for the server (RFC 8693). */
export interface TokenExchangeOptions {
  readonly server: AuthorizationServer;
  /** URL of the server as its tokens name it (RFC 8707). @default - the parameter is left out */
  readonly resource?: string;
  /** Name of the server, where the authorization server knows it by one. @default - the parameter is left out */
  readonly audience?: string;
  /** @default - the authorization server decides */
  readonly scopes?: readonly string[];
  readonly outbound: Outbound;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** Exchanges the token of each principal for one that the server takes, with the principal as its subject. */
export function createTokenExchange(options: TokenExchangeOptions): UpstreamCredentials {
  const { server, resource, audience, scopes = [], outbound, clock = Date.now } = options;
  const ask = createTokenEndpoint(server, outbound, clock);
  return createIssuedTokenCredentials({
    owner: 'principal',
    purpose: [resource ?? '', audience ?? '', ...scopes],
    clock,
    issue: async (caller) =>
      asBearer(
        await ask({
          grant_type: TOKEN_EXCHANGE_GRANT,
          subject_token: caller?.token,
          subject_token_type: TOKEN_TYPE.ACCESS_TOKEN,
          requested_token_type: TOKEN_TYPE.ACCESS_TOKEN,
          resource,
          audience,
          scope: scopes.join(' '),
        }),
      ),
  });
}
