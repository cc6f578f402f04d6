import { isIP } from 'node:net';
import { isAllowedAddress, isLoopback } from './address';

/** A URL that the gateway must not call. The message names its host, never its path, query or credentials. */
export class UrlRefused extends Error {
  constructor(url: URL | undefined, problem: string) {
    super(url === undefined ? `A URL ${problem}` : `The URL at ${url.protocol}//${url.host} ${problem}`);
    this.name = 'UrlRefused';
  }
}

/**
 * Where to look when a URL is judged: the URLs that the operator wrote into the configuration. What is learned at the
 * origin of one of them, such as a token endpoint in its metadata, may be where it is; anywhere else only on the public internet.
 */
export interface LearnedUrlRules {
  readonly configured: readonly URL[];
}

/**
 * `url` where the gateway may call it: https, without credentials and fragment, and no address of a private network. A host
 * of the operator's own configuration may be in a private network, or on this machine over plain http.
 * @throws UrlRefused
 */
export function checkLearnedUrl(url: string | URL, { configured }: LearnedUrlRules): URL {
  if (!URL.canParse(String(url))) throw new UrlRefused(undefined, 'that was learned is not absolute');
  const parsed = new URL(url);
  if (parsed.username !== '' || parsed.password !== '') throw new UrlRefused(parsed, 'must not contain credentials');
  if (parsed.hash !== '') throw new UrlRefused(parsed, 'must not have a fragment');
  const isConfigured = configured.some(({ origin }) => origin === parsed.origin);
  const host = hostOf(parsed);
  const isLocal = isIP(host) === 0 ? isLocalName(host) : isLoopback(host);
  if (parsed.protocol !== 'https:' && !(parsed.protocol === 'http:' && isConfigured && isLocal)) {
    throw new UrlRefused(parsed, 'must begin with https://');
  }
  const isAllowed = isIP(host) === 0 ? isConfigured || !isLocal : isAllowedAddress(host, { allowPrivate: isConfigured });
  if (!isAllowed) throw new UrlRefused(parsed, 'leads to an address that is not allowed');
  return parsed;
}

/** Without the brackets of an IPv6 address and the dot that ends a name. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}
