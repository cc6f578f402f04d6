import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LiveFeed } from './feed';
import type { LiveSources } from './sources';
import { createLiveStream, type LiveStreamOptions } from './stream';

export interface LiveSiteOptions extends Omit<LiveStreamOptions, 'feed' | 'sources'> {
  readonly feed: LiveFeed;
  readonly sources: LiveSources;
  /** `Host` values that are ours: a page on the web that has a name point here must not read this one (DNS rebinding). */
  readonly allowedHosts: readonly string[];
  /** What a browser has to show, as a password, or a program as a bearer token. @default - nothing: whoever reaches the page may look */
  readonly token?: string;
}

export interface LiveSite {
  /** Whether a GET of this path is for the page. */
  owns(path: string): boolean;
  fetch(request: Request): Response;
  /** Ends all streams. Resolves when nothing is read any more. */
  close(): Promise<void>;
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Beside this file, and beside the bundle. */
const FILES: ReadonlyMap<string, { readonly name: string; readonly type: string }> = new Map([
  ['/', { name: 'index.html', type: 'text/html; charset=utf-8' }],
  ['/live/style.css', { name: 'style.css', type: 'text/css; charset=utf-8' }],
  ['/live/icon.svg', { name: 'icon.svg', type: 'image/svg+xml' }],
  ...['page', 'activity', 'element', 'sections', 'tools'].map((name) => [`/live/${name}.js`, { name: `${name}.js`, type: 'text/javascript; charset=utf-8' }] as const),
]);
const EVENTS = '/live/events';

/** Serves the page, its files and its events. It changes nothing and takes nothing but GET. */
export function createLiveSite({ allowedHosts, token, ...options }: LiveSiteOptions): LiveSite {
  const stream = createLiveStream(options);
  const files = new Map<string, string>();

  function fileAt(name: string): string {
    const known = files.get(name) ?? readFileSync(join(__dirname, 'page', name), 'utf8');
    files.set(name, known);
    return known;
  }

  function refusalOf({ headers }: Request, path: string): Response | undefined {
    if (!allowedHosts.includes(headers.get('host')?.toLowerCase() ?? '')) return answer(403, 'The Host header does not name this gateway.');
    const site = headers.get('sec-fetch-site') ?? 'none';
    const isOpened = path === '/' && headers.get('sec-fetch-mode') === 'navigate';
    if (site !== 'same-origin' && site !== 'none' && !isOpened) return answer(403, 'Another site may not read this page.');
    const origin = headers.get('origin');
    if (origin !== null && !allowedHosts.includes(origin.replace(/^https?:\/\//, '').toLowerCase())) return answer(403, 'Another site may not read this page.');
    if (token !== undefined && !shows(headers.get('authorization'), token)) return answer(401, 'This page needs its token, as the password.', { 'www-authenticate': 'Basic realm="mcp-zero-trust", charset="UTF-8"' });
    return undefined;
  }

  return {
    owns: (path) => path === EVENTS || FILES.has(path),
    fetch(request) {
      const { pathname } = new URL(request.url);
      const refusal = refusalOf(request, pathname);
      if (refusal !== undefined) return refusal;
      const file = FILES.get(pathname);
      if (file !== undefined) return new Response(fileAt(file.name), { headers: { ...HEADERS, 'content-type': file.type } });
      const events = stream.open(request.headers.get('last-event-id') ?? undefined);
      if (events === undefined) return answer(503, 'Too many watch already.', { 'retry-after': '10' });
      return new Response(events, { headers: { ...HEADERS, 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' } });
    },
    close: () => stream.close(),
  };
}

function answer(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${text}\n`, { status, headers: { ...HEADERS, 'content-type': 'text/plain; charset=utf-8', ...headers } });
}

/** Takes the same time for every wrong one. */
function shows(authorization: string | null, token: string): boolean {
  const [, scheme, value = ''] = /^(basic|bearer) +(\S+)$/i.exec(authorization ?? '') ?? [];
  if (scheme === undefined) return false;
  const given = scheme.toLowerCase() === 'bearer' ? value : Buffer.from(value, 'base64').toString('utf8').replace(/^[^:]*:/, '');
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
