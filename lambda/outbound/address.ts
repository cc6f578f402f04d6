import { lookup } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

export interface AddressRules {
  /** Loopback and private networks too. @default false */
  readonly allowPrivate?: boolean;
}

/** Never a server of ours: link-local addresses, where clouds keep their credentials, and what is not one host. */
const NEVER = blockList(
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 3],
  ['::', 128],
  ['fe80::', 10],
  ['fd00:ec2::', 32],
  ['ff00::', 8],
);
const LOOPBACK = blockList(['127.0.0.0', 8], ['::1', 128]);
/** RFC 1918, 6598, 4193; documentation and benchmark ranges; and prefixes that lead into an IPv4 network. */
const PRIVATE = blockList(
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['64:ff9b::', 96],
  ['2002::', 16],
  ['fc00::', 7],
);

export function isLoopback(address: string): boolean {
  return isIn(LOOPBACK, address);
}

/** Whether the gateway may connect to `address`, which is an IP address. */
export function isAllowedAddress(address: string, { allowPrivate = false }: AddressRules = {}): boolean {
  if (isIP(address) === 0 || isIn(NEVER, address)) return false;
  return allowPrivate || !(isLoopback(address) || isIn(PRIVATE, address));
}

export const FORBIDDEN_ADDRESS = 'ERR_FORBIDDEN_ADDRESS';

/** Resolves names as `dns.lookup` does, at the moment of connecting; one address that is not allowed spoils the name. */
export function guardedLookup(rules: AddressRules): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, address, family) => {
      const addresses = typeof address === 'string' ? [address] : (address ?? []).map((resolved) => resolved.address);
      const isAllowed = error !== null || addresses.every((resolved) => isAllowedAddress(resolved, rules));
      callback(isAllowed ? error : Object.assign(new Error('address not allowed'), { code: FORBIDDEN_ADDRESS }), address, family);
    });
  };
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function blockList(...subnets: [network: string, prefix: number][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, isIPv6(network) ? 'ipv6' : 'ipv4');
  return list;
}
