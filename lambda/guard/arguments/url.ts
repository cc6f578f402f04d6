import ipaddr from 'ipaddr.js';
import type { UrlRules } from './rules';

/** Finds the addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** What a URL's own text says of it: refused, allowed, or to be resolved first. */
export type UrlCheck = { readonly kind: 'refused'; readonly why: string } | { readonly kind: 'allowed' } | { readonly kind: 'resolve'; readonly hostname: string };

const refused = (why: string): UrlCheck => ({ kind: 'refused', why });
const ALLOWED: UrlCheck = { kind: 'allowed' };

/** Names of machines that only mean something inside of a network, and services that turn a name into any address. */
const INTERNAL_NAME = /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|corp|home|lan|private|consul|svc|cluster\.local|arpa|onion)$/;
const REBINDING_NAME = /(?:^|\.)(?:nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|yoogle\.com|rbndr\.us|1u\.ms|127-0-0-1\.org\.uk|fbi\.com|traefik\.me|backname\.io)$/;
const METADATA_NAME = /^(?:metadata|instance-data|metadata\.google|metadata\.goog)(?:\.|$)/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * What a URL says of itself, whatever notation its address is in (`0x7f.1`, `2130706433`, `[::ffff:127.0.0.1]`): no private,
 * link-local, loopback or metadata address, no internal name, a scheme and a host that are allowed.
 *
 * @param isDeclared somebody said that the parameter is a URL, so that what is not known of a name counts against it
 */
export function checkUrl(value: string, rules: UrlRules = {}, isDeclared = true): UrlCheck {
  const { schemes = isDeclared ? ['https'] : ['https', 'http'], hosts, names, ports = [] } = rules;
  // What a parser takes away would be there for another one.
  if (/[\s\\]/.test(value.trim()) || value !== value.trim()) return refused('must not hold spaces or backslashes');
  if (!URL.canParse(value)) return isDeclared || value.includes('://') ? refused('must be an absolute URL') : ALLOWED;
  const url = new URL(value);
  const scheme = url.protocol.slice(0, -1);
  if (!schemes.includes(scheme)) return refused(`must begin with ${schemes.map((allowed) => `${allowed}:`).join(' or ')}`);
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/{0,2}[^/?#]*@/i.test(value)) return refused('must not hold a user or password');
  const hostname = url.hostname.replace(/\.$/, '').toLowerCase();
  const address = addressOf(hostname);
  if (address !== undefined && !isPublic(address)) return refused('must not lead to a private, local or metadata address');
  if (address === undefined && isInternalName(hostname)) return refused('must not lead to an internal name');
  if (url.port !== '' && url.port !== DEFAULT_PORTS[scheme] && !ports.includes(Number(url.port)) && (hosts !== undefined || isDeclared)) return refused('must not name a port');
  if (hosts?.some((host) => matches(hostname, host))) return ALLOWED;
  if (address !== undefined) return hosts === undefined ? ALLOWED : refused('must lead to a host that is allowed');
  if (names === 'unsafeResolve') return { kind: 'resolve', hostname };
  return names === 'refuse' || hosts !== undefined || isDeclared ? refused('must lead to a host that is allowed') : ALLOWED;
}

/** Whether all addresses of a name are public now. Says nothing of a moment later: that is why it is called unsafe. */
export async function resolvesToPublic(hostname: string, resolve: Resolve): Promise<boolean> {
  const addresses = await resolve(hostname);
  return addresses.length > 0 && addresses.every((text) => {
    const address = addressOf(text);
    return address !== undefined && isPublic(address);
  });
}

function matches(hostname: string, allowed: string): boolean {
  const host = allowed.toLowerCase();
  return host.startsWith('*.') ? hostname.endsWith(host.slice(1)) && hostname.length > host.length - 1 : hostname === host;
}

function isInternalName(hostname: string): boolean {
  return !hostname.includes('.') || INTERNAL_NAME.test(hostname) || METADATA_NAME.test(hostname) || REBINDING_NAME.test(hostname) || /(?:^|[.-])(?:10|127|169-254|192-168|172-(?:1[6-9]|2\d|3[01]))(?:[.-]\d{1,3}){1,3}(?:[.-]|$)/.test(hostname);
}

/** The address that a host is; the WHATWG parser has brought every notation of IPv4 into one. */
function addressOf(host: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const text = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  return ipaddr.isValid(text) && (text.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(text)) ? ipaddr.parse(text) : undefined;
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.kind() === 'ipv4') return address.range() === 'unicast' && !isCloudMetadata(address.toString());
  const v6 = address as ipaddr.IPv6;
  if (v6.isIPv4MappedAddress()) return isPublic(v6.toIPv4Address());
  // Addresses that hold an IPv4 address, and those of the metadata services of clouds.
  if (v6.range() !== 'unicast' || /^fd00:ec2:/.test(v6.toString())) return false;
  return !/^(?:64:ff9b:|2002:|2001:0?:|::)/.test(v6.toString());
}

function isCloudMetadata(address: string): boolean {
  return address === '100.100.100.200' || address === '192.0.0.192' || address === '168.63.129.16';
}
