import { createClientAuthenticator, discoverIssuer, type ClientAuthentication } from '../identity';
import type { Outbound } from '../outbound';
import { CredentialUnavailable } from './upstream-credentials';
import type { IssuedToken } from './token-cache';

/** An authorization server whose client we are. */
export interface AuthorizationServer {
  /** Its issuer; its metadata is where the token endpoint is looked up, unless `tokenEndpoint` is given. */
  readonly issuer?: string;
  readonly tokenEndpoint?: URL;
  readonly client: ClientAuthentication;
  /** Told when the server does not know us (`invalid_client`), before it is asked once more: the secret may have been rotated. @default - it is not asked again */
  readonly clientRefused?: () => void;
}

/** What was issued, and of which type (RFC 8693 section 3). */
export interface TokenResponse extends IssuedToken {
  readonly tokenType: string;
  readonly issuedTokenType: string | undefined;
}

/** Asks for a token. @throws CredentialUnavailable */
export type TokenEndpoint = (parameters: Readonly<Record<string, string | undefined>>) => Promise<TokenResponse>;

/** Where the server does not say how long a token is good, milliseconds. */
const UNKNOWN_LIFETIME_MS = 60_000;
const MAX_LIFETIME_MS = 24 * 3_600_000;
const ENDPOINT_MS = 3_600_000;
/** What may be in `Authorization: Bearer` (RFC 6750 section 2.1). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** An error code of RFC 6749; nothing else of an error is repeated. */
const ERROR_CODE = /^[a-z_]{1,64}$/;

/**
 * @param clock milliseconds since the epoch
 * @throws TypeError where neither issuer nor token endpoint is given
 */
export function createTokenEndpoint(server: AuthorizationServer, outbound: Outbound, clock: () => number): TokenEndpoint {
  const { issuer, tokenEndpoint } = server;
  const name = issuer ?? tokenEndpoint?.origin;
  if (name === undefined) throw new TypeError('an authorization server needs an issuer or a token endpoint');
  const authenticate = createClientAuthenticator(server.client, clock);
  let discovered: { readonly endpoint: URL; readonly at: number } | undefined;

  async function locate(): Promise<URL> {
    if (tokenEndpoint !== undefined) return tokenEndpoint;
    if (discovered === undefined || clock() - discovered.at > ENDPOINT_MS) {
      const { tokenEndpoint: endpoint } = await discoverIssuer(name!, outbound);
      if (endpoint === undefined) throw new Error('its metadata names no token endpoint');
      discovered = { endpoint, at: clock() };
    }
    return discovered.endpoint;
  }

  async function post(parameters: Readonly<Record<string, string | undefined>>): Promise<{ status: number; body: string; asked: number }> {
    const endpoint = await locate();
    const client = await authenticate(issuer ?? endpoint.href);
    const form = new URLSearchParams(client.parameters);
    for (const [key, value] of Object.entries(parameters)) if (value !== undefined && value !== '') form.set(key, value);
    const asked = clock();
    const headers = { ...client.headers, 'content-type': 'application/x-www-form-urlencoded' };
    return { ...(await outbound(endpoint, { method: 'POST', headers, body: form.toString() })), asked };
  }

  async function ask(parameters: Readonly<Record<string, string | undefined>>): Promise<{ status: number; answer: Readonly<Record<string, unknown>>; asked: number }> {
    const { status, body, asked } = await post(parameters).catch((cause: unknown) => {
      throw new CredentialUnavailable(`the authorization server ${name} cannot be asked for a token`, { cause });
    });
    return { status, answer: parse(body), asked };
  }

  return async (parameters) => {
    let response = await ask(parameters);
    if (response.answer.error === 'invalid_client' && server.clientRefused !== undefined) {
      server.clientRefused();
      response = await ask(parameters);
    }
    const { status, answer, asked } = response;
    if (status !== 200) {
      const code = typeof answer.error === 'string' && ERROR_CODE.test(answer.error) ? answer.error : `HTTP ${status}`;
      throw new CredentialUnavailable(`the authorization server ${name} issued no token: ${code}`);
    }
    const { access_token: accessToken, token_type: tokenType, expires_in: expiresIn, issued_token_type: issuedTokenType } = answer;
    if (typeof accessToken !== 'string' || !TOKEN.test(accessToken)) throw new CredentialUnavailable(`the authorization server ${name} answered without a token`);
    const lifetime = Number(expiresIn ?? Number.NaN) * 1000;
    const lifetimeMs = lifetime > 0 ? Math.min(lifetime, MAX_LIFETIME_MS) : UNKNOWN_LIFETIME_MS;
    return {
      accessToken,
      tokenType: typeof tokenType === 'string' ? tokenType.toLowerCase() : '',
      issuedTokenType: typeof issuedTokenType === 'string' ? issuedTokenType : undefined,
      expiresAt: asked + lifetimeMs,
    };
  };
}

function parse(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** @throws CredentialUnavailable for a token that is bound to a key, which we could not use */
export function asBearer(token: TokenResponse): IssuedToken {
  if (token.tokenType === 'bearer') return token;
  throw new CredentialUnavailable('the authorization server issued a token that is no bearer token');
}
