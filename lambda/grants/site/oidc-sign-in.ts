import { createHash, randomBytes } from 'node:crypto';
import type { Authenticator } from '../../identity';
import { isJsonObject } from '../../protocol';
import type { SiteSeal } from './session';
import type { SignInProvider } from './site';

/** An authorization server where approvers sign in, with the authorization code flow and PKCE (OAuth 2.1). */
export interface OidcSignInOptions {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** Of a public client, registered with the redirect URI `<publicUrl>/approvals/callback`. */
  readonly clientId: string;
  /** @default - none */
  readonly scopes?: readonly string[];
  /** Where the gateway is reached. */
  readonly publicUrl: string;
  /** Believes the access token, which is asked for the resource `<publicUrl>/grants` (RFC 8707). */
  readonly authenticator: Authenticator;
  readonly seal: SiteSeal;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
}

const PURPOSE = 'approver-sign-in';
/** How long signing in may take, milliseconds. */
const SIGN_IN_MS = 600_000;
const TOKEN_MS = 5_000;

export function createOidcSignIn(options: OidcSignInOptions): SignInProvider {
  const { authorizationEndpoint, tokenEndpoint, clientId, scopes = [], publicUrl, authenticator, seal, clock = Date.now, fetch = globalThis.fetch } = options;
  const isSecure = publicUrl.startsWith('https:');
  const cookieName = isSecure ? '__Host-mcp-approver-sign-in' : 'mcp-approver-sign-in';
  const redirectUri = `${publicUrl}/approvals/callback`;
  const resource = `${publicUrl}/grants`;

  async function tokenFor(code: string, verifier: string): Promise<string | undefined> {
    const body = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, client_id: clientId, code_verifier: verifier, resource });
    const response = await fetch(tokenEndpoint, { method: 'POST', body, headers: { accept: 'application/json' }, redirect: 'error', signal: AbortSignal.timeout(TOKEN_MS) });
    const answer: unknown = response.ok ? await response.json() : undefined;
    return isJsonObject(answer) && typeof answer.access_token === 'string' ? answer.access_token : undefined;
  }

  return {
    async begin(next) {
      const verifier = randomBytes(32).toString('base64url');
      const state = randomBytes(16).toString('base64url');
      const location = new URL(authorizationEndpoint);
      const parameters = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        state,
        resource,
        ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
      };
      for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value);
      const sealed = seal.seal(PURPOSE, { verifier, state, next, until: clock() + SIGN_IN_MS });
      return { location: location.href, cookie: `${cookieName}=${sealed}; Max-Age=${SIGN_IN_MS / 1_000}; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}` };
    },

    async complete(request) {
      const { searchParams } = new URL(request.url);
      const sealed = (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim()).find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
      const begun = sealed === undefined ? undefined : seal.open(PURPOSE, sealed);
      const [code, state] = [searchParams.get('code'), searchParams.get('state')];
      // Without the cookie of who began, somebody else's code would sign this browser in as them.
      if (begun === undefined || code === null || state === null || state !== begun.state || Number(begun.until) <= clock()) return undefined;
      try {
        const token = await tokenFor(code, String(begun.verifier));
        if (token === undefined) return undefined;
        const headers = new Headers({ authorization: `Bearer ${token}` });
        const result = await authenticator.authenticate({ headers, method: 'GET', url: resource, resource, resourceMetadataUrl: `${publicUrl}/.well-known/oauth-protected-resource/grants` });
        return result.ok ? { principal: result.principal, next: String(begun.next) } : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
