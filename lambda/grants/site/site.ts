import type { Authenticator, Principal } from '../../identity';
import type { GrantDesk } from '../contract';
import { isSame } from '../grant';
import { isTarget } from '../marks';
import { GrantRefused } from '../refused';
import { refusalAnswer, serveApi, whyOf } from './api';
import { html, type Html } from './html';
import { grantPage, messagePage, overview, page, signInPage, type PageContext } from './pages';
import { Sessions, type Session, type SiteSeal } from './session';
import type { SignInLinks } from './sign-in-links';
import { STYLE } from './style';

export interface GrantSiteOptions {
  readonly desk: GrantDesk;
  /** Origin without a trailing slash. */
  readonly publicUrl: string;
  /** Names of all servers, for the kill switch. */
  readonly servers: readonly string[];
  /** Who calls `/grants`; tokens are for the resource `<publicUrl>/grants`. */
  readonly authenticator: Authenticator;
  readonly seal: SiteSeal;
  /** How approvers come to the pages. */
  readonly signIn: SignIn;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

export type SignIn =
  /** By links that are given to them. */
  | { readonly kind: 'links'; readonly links: SignInLinks }
  /** At the identity provider. */
  | { readonly kind: 'provider'; readonly provider: SignInProvider };

/** Signs people in elsewhere (OpenID Connect). */
export interface SignInProvider {
  /** Where to send the browser, and what it brings back is bound to. */
  begin(next: string): Promise<{ readonly location: string; readonly cookie: string }>;
  /** Who came back, and where they wanted to go. */
  complete(request: Request): Promise<{ readonly principal: Principal; readonly next: string } | undefined>;
}

/** One answer, with what the audit event needs to know. */
export interface SiteAnswer {
  readonly response: Response;
  readonly principal?: Principal;
  readonly denied?: string;
}

const MAX_BODY = 65_536;

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  // With no-referrer, browsers would not say where a form comes from.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Serves `/grants` for programs with tokens, and `/approvals` for people with browsers, with or without scripts. */
export function createGrantSite(options: GrantSiteOptions): { fetch(request: Request): Promise<SiteAnswer> } {
  const { desk, publicUrl, clock = Date.now } = options;
  const { origin, pathname: path } = new URL(publicUrl);
  const base = path.replace(/\/$/, '');
  const sessions = new Sessions(options.seal, clock, publicUrl);

  function show(status: number, title: string, main: Html, context?: PageContext): SiteAnswer {
    const text = page(title, base, main, context);
    return { response: new Response(text, { status, headers: { ...SECURITY_HEADERS, 'content-type': 'text/html; charset=utf-8', 'content-length': String(Buffer.byteLength(text)) } }) };
  }

  function redirect(location: string, cookie?: string): Response {
    return new Response(null, { status: 303, headers: { ...SECURITY_HEADERS, location: location.startsWith('/approvals') ? base + location : location, ...(cookie === undefined ? {} : { 'set-cookie': cookie }) } });
  }

  function notAllowed(): SiteAnswer {
    return { ...show(405, 'Not allowed', messagePage('That is not how this page works', 'It takes GET and POST.')), denied: 'unknown_route' };
  }

  async function isBlocked(principal: Principal): Promise<boolean> {
    const { all } = await desk.marks.read();
    return all.some(({ blocked, target }) => blocked && target.kind === 'principal' && isSame(target.principal, principal));
  }

  async function serveGrants(request: Request, path: string): Promise<SiteAnswer> {
    const resource = `${publicUrl}/grants`;
    const { headers, method, url } = request;
    const authentication = await options.authenticator.authenticate({ headers, method, url, resource, resourceMetadataUrl: `${publicUrl}/.well-known/oauth-protected-resource/grants` });
    if (!authentication.ok) {
      const body = { error: authentication.reason, message: 'a valid access token is needed' };
      return { response: json(authentication.status, body, { 'www-authenticate': authentication.challenge }), denied: authentication.reason };
    }
    const { principal } = authentication;
    if (await isBlocked(principal)) return { principal, response: json(403, { error: 'blocked', message: 'the access of this principal is blocked' }), denied: 'blocked' };
    let body: unknown;
    if (method === 'POST') {
      const text = await readText(request, 'application/json');
      if (text === undefined) return { principal, response: json(415, { error: 'invalid_request', message: `expected application/json of at most ${MAX_BODY} bytes` }), denied: 'invalid_request' };
      try {
        body = JSON.parse(text === '' ? '{}' : text);
      } catch {
        return { principal, response: json(400, { error: 'invalid_request', message: 'the body is not JSON' }), denied: 'invalid_request' };
      }
    }
    const { status, body: answer, location, denied } = await serveApi(desk, principal, method, path, body);
    return { principal, response: json(status, answer, location === undefined ? {} : { location: base + location }), denied };
  }

  async function serveApprovals(request: Request, path: string): Promise<SiteAnswer> {
    if (path === '/style.css') return { response: new Response(STYLE, { headers: { ...SECURITY_HEADERS, 'content-type': 'text/css; charset=utf-8', 'cache-control': 'max-age=300' } }) };
    if (path === '/sign-in') return request.method === 'POST' ? redeem(request) : beginSignIn(request);
    if (path === '/callback' && request.method === 'GET') return completeSignIn(request);
    const session = sessions.of(request.headers);
    if (session === undefined) {
      const next = `/approvals${path}`;
      return { response: redirect(`/approvals/sign-in?${new URLSearchParams({ next: isOwnPath(next) ? next : '/approvals' })}`), denied: 'no_session' };
    }
    const { principal } = session;
    if (await isBlocked(principal)) return { principal, ...show(403, 'Blocked', messagePage('Your access is blocked', 'Somebody used the kill switch on it. Only somebody else can lift that.')), denied: 'blocked' };
    const answer = request.method === 'POST' ? await act(request, session, path) : request.method === 'GET' ? await look(session, path) : notAllowed();
    return { principal, ...answer };
  }

  function contextOf(session: Session): PageContext {
    return { viewer: session.principal, now: clock(), servers: options.servers, formToken: (path) => sessions.formToken(session, path) };
  }

  async function look(session: Session, path: string, notice?: Html, status = 200): Promise<SiteAnswer> {
    const context = contextOf(session);
    try {
      if (path === '' || path === '/') {
        const { principal } = session;
        const [grants, blocks, mayBlock] = await Promise.all([desk.list(principal), desk.blocks(principal), desk.mayBlock(principal)]);
        return show(status, 'Approvals', overview(context, grants, blocks, mayBlock, notice), context);
      }
      const grant = await desk.find(path.slice(1), session.principal);
      return show(status, `${grant.terms.tool} of ${grant.terms.server}`, grantPage(context, grant, notice), context);
    } catch (error) {
      if (!(error instanceof GrantRefused)) throw error;
      return { ...show(404, 'Not found', messagePage('There is no such request', 'It is over and forgotten, or not for you to see.'), context), denied: 'grant_not_found' };
    }
  }

  /** A form that a page of ours showed to this very session, and no other (CSRF). */
  async function act(request: Request, session: Session, path: string): Promise<SiteAnswer> {
    const form = isOwnOrigin(request) ? await readForm(request) : undefined;
    if (form === undefined || !sessions.isOwnForm(session, `/approvals${path}`, form.get('form') ?? '')) {
      const notice = html`<p class="notice bad">This form was too old, or did not come from this page. Nothing was decided. Please look again.</p>`;
      return { ...(await look(session, path === '/kill-switch' || path === '/sign-out' ? '' : path, notice, 403)), denied: 'foreign_form' };
    }
    if (path === '/sign-out') return { response: redirect('/approvals/sign-in', sessions.end()) };
    try {
      await take(form, session.principal, path);
      return { response: redirect(path === '/kill-switch' ? '/approvals' : `/approvals${path}`) };
    } catch (error) {
      if (!(error instanceof GrantRefused)) throw error;
      const { status, denied } = refusalAnswer(error);
      const notice = html`<p class="notice bad">Nothing was decided: ${error.message}.</p>`;
      return { ...(await look(session, path === '/kill-switch' ? '' : path, notice, status)), denied };
    }
  }

  async function take(form: URLSearchParams, by: Principal, path: string): Promise<void> {
    const why = form.get('why') ?? '';
    if (path === '/kill-switch') {
      const target = targetOf(form.get('target') ?? '');
      const effect = form.get('effect');
      if (effect !== 'block' && effect !== 'unblock' && effect !== 'revoke') throw new GrantRefused('invalid_request', 'it does not say what to do');
      await desk.mark(target, effect, by, whyOf({ why }));
      return;
    }
    const id = path.slice(1);
    switch (form.get('decision')) {
      case 'approve':
        await desk.approve(id, by, why.trim() === '' ? undefined : whyOf({ why }));
        return;
      case 'deny':
        await desk.deny(id, by, whyOf({ why }));
        return;
      case 'revoke':
        await desk.revoke(id, by, whyOf({ why }));
        return;
      default:
        throw new GrantRefused('invalid_request', 'it does not say what to do');
    }
  }

  async function beginSignIn(request: Request): Promise<SiteAnswer> {
    const { searchParams } = new URL(request.url);
    const next = nextOf(searchParams.get('next'));
    if (options.signIn.kind === 'provider') {
      const { location, cookie } = await options.signIn.provider.begin(next);
      return { response: redirect(location, cookie) };
    }
    // The link is redeemed by a form, so that nobody who only looks at it uses it up.
    return show(200, 'Sign in', signInPage(searchParams.get('secret') ?? undefined, next));
  }

  async function redeem(request: Request): Promise<SiteAnswer> {
    const form = isOwnOrigin(request) ? await readForm(request) : undefined;
    const principal = options.signIn.kind === 'links' ? await options.signIn.links.redeem(form?.get('secret') ?? '') : undefined;
    if (form === undefined || principal === undefined) {
      return { ...show(403, 'Sign in', signInPage(undefined, '/approvals', 'This link was used already, or is too old.')), denied: 'invalid_sign_in' };
    }
    return { principal, response: redirect(nextOf(form.get('next')), sessions.begin(principal)) };
  }

  async function completeSignIn(request: Request): Promise<SiteAnswer> {
    const signedIn = options.signIn.kind === 'provider' ? await options.signIn.provider.complete(request) : undefined;
    if (signedIn === undefined) return { ...show(403, 'Sign in', messagePage('You are not signed in', 'The identity provider did not say who you are, or it took too long. Open the page again.')), denied: 'invalid_sign_in' };
    return { principal: signedIn.principal, response: redirect(nextOf(signedIn.next), sessions.begin(signedIn.principal)) };
  }

  /** Browsers say where a form comes from; what says nothing at all is no browser of these years, and needs the form's token alone. */
  function isOwnOrigin({ headers }: Request): boolean {
    const sent = headers.get('origin');
    const site = headers.get('sec-fetch-site');
    const host = headers.get('host');
    const isOwn = sent === null || sent === origin || (host !== null && sent === `${origin.startsWith('https:') ? 'https' : 'http'}://${host}`);
    return isOwn && (site === null || site === 'same-origin' || site === 'none');
  }

  return {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === '/grants' || pathname.startsWith('/grants/')) return serveGrants(request, pathname.slice('/grants'.length));
      return serveApprovals(request, pathname.slice('/approvals'.length));
    },
  };
}


function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  const text = JSON.stringify(body);
  return new Response(text, { status, headers: { ...SECURITY_HEADERS, 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)), ...headers } });
}

/** A path of these pages: never somewhere else after signing in. */
function nextOf(next: string | null): string {
  return next !== null && isOwnPath(next) ? next : '/approvals';
}

function isOwnPath(path: string): boolean {
  return /^\/approvals(\/[a-z0-9-]{1,80})?$/.test(path);
}

function targetOf(text: string) {
  let target: unknown;
  try {
    target = JSON.parse(text);
  } catch {
    target = undefined;
  }
  if (!isTarget(target)) throw new GrantRefused('invalid_request', 'it does not say what to block');
  return target;
}

async function readForm(request: Request): Promise<URLSearchParams | undefined> {
  const text = await readText(request, 'application/x-www-form-urlencoded');
  return text === undefined ? undefined : new URLSearchParams(text);
}

async function readText(request: Request, type: string): Promise<string | undefined> {
  if (request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() !== type) return undefined;
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
