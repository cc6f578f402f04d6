import { isIP } from 'node:net';
import { isAllowedAddress, isLoopback, type AddressRules } from '../../outbound';

export interface UrlRules extends AddressRules {
  /** Plain http to other hosts than this one, such as where a mesh encrypts. @default false */
  readonly unsafeAllowPlainHttp?: boolean;
}

/**
 * The URL of an upstream where it is one that a gateway may call: https, or http on this machine, without
 * credentials. Addresses in it are checked here, host names when they are resolved (see `HttpTransportOptions`).
 * @throws TypeError that says what is wrong, without the URL's credentials or query
 */
export function checkUpstreamUrl(url: string, rules: UrlRules = {}): URL {
  if (!URL.canParse(url)) throw new TypeError('The URL of an upstream must be absolute, such as https://host/mcp.');
  const parsed = new URL(url);
  const where = `The URL of the upstream ${parsed.protocol}//${parsed.host}`;
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') throw new TypeError(`${where} must begin with https:// or http://.`);
  if (parsed.username !== '' || parsed.password !== '') throw new TypeError(`${where} must not contain credentials: configure a header.`);
  if (parsed.hash !== '') throw new TypeError(`${where} must not have a fragment.`);
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const isAddress = isIP(host) !== 0;
  const isLocal = isAddress ? isLoopback(host) : host === 'localhost' || host.endsWith('.localhost');
  const isAllowed = isAddress ? isAllowedAddress(host, rules) : !isLocal || rules.allowPrivate === true;
  if (!isAllowed) throw new TypeError(`${where} leads to an address that is not allowed.`);
  if (parsed.protocol === 'http:' && !isLocal && rules.unsafeAllowPlainHttp !== true) throw new TypeError(`${where} must begin with https://: plain http is for this machine alone.`);
  return parsed;
}
