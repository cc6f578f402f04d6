import type { Outbound } from '../outbound';
import { createIssuedTokenCredentials } from './issued-token';
import { asBearer, createTokenEndpoint, type AuthorizationServer } from './token-endpoint';
import { TOKEN_EXCHANGE_GRANT, TOKEN_TYPE } from './token-exchange';
import { CredentialUnavailable, type UpstreamCredentials } from './upstream-credentials';

/** How a principal of one identity provider gets a token of another authorization server (MCP enterprise-managed authorization). */
export interface IdentityAssertionOptions {
  /** Issues the assertion (ID-JAG) for the principal. */
  readonly identityProvider: AuthorizationServer;
  /** Takes the assertion for a token of its own; the server's authorization server. */
  readonly server: AuthorizationServer & { readonly issuer: string };
  /** Type of the client's token as the identity provider calls it. @default - an access token */
  readonly subjectTokenType?: string;
  /** URL of the server as its tokens name it. */
  readonly resource: string;
  /** @default - the authorization server decides */
  readonly scopes?: readonly string[];
  readonly outbound: Outbound;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/**
 * Identity assertion authorization grant: the client's token becomes an assertion at the identity provider (RFC 8693), and
 * the assertion an access token at the server's authorization server (RFC 7523).
 */
export function createIdentityAssertion(options: IdentityAssertionOptions): UpstreamCredentials {
  const { identityProvider, server, resource, scopes = [], outbound, clock = Date.now } = options;
  const askProvider = createTokenEndpoint(identityProvider, outbound, clock);
  const askServer = createTokenEndpoint(server, outbound, clock);
  const scope = scopes.join(' ');
  return createIssuedTokenCredentials({
    owner: 'principal',
    purpose: [server.issuer, resource, ...scopes],
    clock,
    async issue(caller) {
      const assertion = await askProvider({
        grant_type: TOKEN_EXCHANGE_GRANT,
        subject_token: caller?.token,
        subject_token_type: options.subjectTokenType ?? TOKEN_TYPE.ACCESS_TOKEN,
        requested_token_type: TOKEN_TYPE.ID_JAG,
        audience: server.issuer,
        resource,
        scope,
      });
      if (assertion.issuedTokenType !== TOKEN_TYPE.ID_JAG) throw new CredentialUnavailable('the identity provider issued something else than an identity assertion');
      return asBearer(await askServer({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion.accessToken, scope }));
    },
  });
}
