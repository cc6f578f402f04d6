import { isIPv4 } from 'node:net';

/** The key of all requests whose address cannot be read. */
const UNKNOWN = 'unknown';
const MAPPED_IPV4 = '::ffff:';

/**
 * The key that limits an address: an IPv4 address itself, and the /64 of an IPv6 address, because a single host has a
 * whole one to choose from. IPv4 written as IPv6 is IPv4.
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return UNKNOWN;
  if (!address.includes(':')) return isIPv4(address) ? address : UNKNOWN;
  if (address.includes('.') && address.toLowerCase().startsWith(MAPPED_IPV4)) {
    const mapped = address.slice(MAPPED_IPV4.length);
    return isIPv4(mapped) ? mapped : UNKNOWN;
  }
  const groups = ipv6Groups(address);
  if (groups === undefined) return UNKNOWN;
  return `${groups[0]!.toString(16)}:${groups[1]!.toString(16)}:${groups[2]!.toString(16)}:${groups[3]!.toString(16)}::/64`;
}

const COLON = 0x3a;
const PERCENT = 0x25;

/** The eight groups of an IPv6 address in hexadecimal notation (RFC 4291 section 2.2), read in one pass. */
function ipv6Groups(address: string): number[] | undefined {
  const groups: number[] = [];
  let gap = -1;
  let value = 0;
  let digits = 0;
  let at = 0;
  for (; at < address.length && address.charCodeAt(at) !== PERCENT; at++) {
    const digit = hexDigit(address.charCodeAt(at));
    if (digit >= 0) {
      value = value * 16 + digit;
      if (++digits > 4) return undefined;
      continue;
    }
    if (address.charCodeAt(at) !== COLON) return undefined;
    if (digits > 0) groups.push(value);
    const double = address.charCodeAt(at + 1) === COLON;
    if (double ? gap >= 0 : digits === 0 || at + 1 === address.length) return undefined;
    if (double) {
      gap = groups.length;
      at++;
    }
    value = 0;
    digits = 0;
  }
  if (digits > 0) groups.push(value);
  if (gap < 0) return groups.length === 8 ? groups : undefined;
  const zeros = 8 - groups.length;
  if (zeros < 1) return undefined;
  return [...groups.slice(0, gap), ...Array<number>(zeros).fill(0), ...groups.slice(gap)];
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
