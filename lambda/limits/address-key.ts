import { isIPv4, isIPv6 } from 'node:net';

/** The key of all requests whose address cannot be read. */
const UNKNOWN = 'unknown';
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The key that limits an address: an IPv4 address itself, and the /64 of an IPv6 address, because a single host has a
 * whole one to choose from. IPv4 written as IPv6 is IPv4.
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return UNKNOWN;
  if (isIPv4(address)) return address;
  const mapped = MAPPED_IPV4.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  return isIPv6(address) ? network64(address) : UNKNOWN;
}

/** The first four groups, written in one way only. */
function network64(address: string): string {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const tailGroups = tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0);
    const zeros = 8 - groups.length - tailGroups;
    groups.push(...Array<string>(zeros).fill('0'), ...tail.split(':'));
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
