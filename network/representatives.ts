import { contains, parseAddress, parseCidr, type Address, type AddressRange } from './address';
import type { PortRange } from './model';

/**
 * Addresses that stand for all of a set: two addresses that the same ranges hold are treated alike by every rule, so one of
 * them is enough.
 *
 * @param within the set
 * @param ranges every range that a rule or a route names
 * @param preferred addresses to take where one stands for its like
 */
export function representativeAddresses(within: readonly AddressRange[], ranges: readonly AddressRange[], preferred: readonly Address[] = []): readonly Address[] {
  const chosen = new Map<string, Address>();
  const consider = (address: Address) => {
    if (!within.some((range) => contains(range, address))) return;
    const held = ranges.map((range) => (contains(range, address) ? '1' : '0')).join('');
    const key = `${address.family} ${held}`;
    if (!chosen.has(key)) chosen.set(key, address);
  };
  preferred.forEach(consider);
  for (const { family, first, last } of [...within, ...ranges]) {
    consider({ family, value: first });
    consider({ family, value: last });
    if (first > 0n) consider({ family, value: first - 1n });
    consider({ family, value: last + 1n });
  }
  return [...chosen.values()];
}

/** Ports that stand for all ports, each with the ports that it stands for. */
export interface PortClass {
  readonly port: number;
  readonly range: PortRange;
}

/** Ports of services that people know, each for itself. */
export const WELL_KNOWN_PORTS = [22, 53, 80, 123, 443, 853, 4444, 8080, 51_820];

export function representativePorts(ranges: readonly PortRange[]): readonly PortClass[] {
  const cuts = new Set([1, 65_536]);
  for (const { from, to } of [...ranges, ...WELL_KNOWN_PORTS.map((port) => ({ from: port, to: port }))]) {
    if (from > 1) cuts.add(Math.min(from, 65_536));
    if (to >= 1 && to < 65_536) cuts.add(to + 1);
  }
  const sorted = [...cuts].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((from, index) => ({ port: from, range: { from, to: sorted[index + 1]! - 1 } }));
}

/** What is nobody's on the internet: private, shared, link-local, benchmarking, multicast and reserved addresses. */
const NOT_PUBLIC = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15', '203.0.113.0/24', '224.0.0.0/3'].flatMap((block) => parseCidr(block) ?? []);

/** Every public IPv4 address, as ranges. */
export const PUBLIC_RANGES: readonly AddressRange[] = publicRanges();

function publicRanges(): readonly AddressRange[] {
  const ranges: AddressRange[] = [];
  let first = 0n;
  for (const taken of NOT_PUBLIC) {
    if (taken.first > first) ranges.push({ family: 4, first, last: taken.first - 1n });
    first = taken.last + 1n;
  }
  return ranges;
}

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (!parsed) throw new Error(`${text} is no address`);
  return parsed;
}
