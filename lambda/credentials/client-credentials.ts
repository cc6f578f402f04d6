import type { Outbound } from '../outbound';
import { createIssuedTokenCredentials } from './issued-token';
import { asBearer, createTokenEndpoint, type AuthorizationServer } from './token-endpoint';
import type { UpstreamCredentials } from './upstream-credentials';

/** How the gateway gets a token of its own for a server (RFC 6749 section 4.4). */
export interface ClientCredentialsOptions {
  readonly server: AuthorizationServer;
  /** URL of the server as its tokens name it (RFC 8707). @default - the parameter is left out */
  readonly resource?: string;
  /** @default - the parameter is left out */
  readonly audience?: string;
  /** @default - the authorization server decides */
  readonly scopes?: readonly string[];
  readonly outbound: Outbound;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** A token of the gateway itself: the server cannot tell principals apart, only the gateway can. */
export function createClientCredentials(options: ClientCredentialsOptions): UpstreamCredentials {
  const { server, resource, audience, scopes = [], outbound, clock = Date.now } = options;
  const ask = createTokenEndpoint(server, outbound, clock);
  return createIssuedTokenCredentials({
    owner: 'gateway',
    purpose: [resource ?? '', audience ?? '', ...scopes],
    clock,
    issue: async () => asBearer(await ask({ grant_type: 'client_credentials', resource, audience, scope: scopes.join(' ') })),
  });
}
