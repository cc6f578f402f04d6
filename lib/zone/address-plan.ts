/** A block of IPv4 addresses. */
export interface AddressBlock {
  /** First address, as a number. */
  readonly base: number;
  readonly prefix: number;
}

/** Where in the zone a subnet lies. */
export type Tier = 'workload' | 'front' | 'endpoint' | 'firewall' | 'nat';

const SMALLEST_SUBNET = 28;
/** Bits of the upper half that say which workload it is. */
const DEDICATED_BITS = 5;

/**
 * The addresses of a zone: a block for each tier, so that a network ACL names a tier with one CIDR, and in the upper half one
 * block for each workload with declared egress, by which the firewall knows it.
 *
 * | part of the VPC | for |
 * |---|---|
 * | first quarter | servers without egress |
 * | 5th sixteenth | gateway and load balancer |
 * | 6th sixteenth | interface endpoints |
 * | 7th and 8th sixteenth | firewall endpoints, NAT gateways |
 * | upper half | 32 workloads with egress, a block each: /26 in a /20, /22 in a /16 |
 */
export class AddressPlan {
  /** How many workloads with egress fit. */
  readonly dedicatedBlocks: number;

  private readonly vpc: AddressBlock;

  /** @throws Error when `cidr` is not a private IPv4 block between /16 and /20 */
  constructor(cidr: string) {
    this.vpc = parseCidr(cidr);
    if (this.vpc.prefix < 16 || this.vpc.prefix > 20) throw new Error(`cidr is ${JSON.stringify(cidr)}, expected a prefix length from 16 to 20`);
    if (!isPrivate(this.vpc)) throw new Error(`cidr is ${JSON.stringify(cidr)}, expected private addresses: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16`);
    this.dedicatedBlocks = 2 ** DEDICATED_BITS;
  }

  /** All addresses of the zone. */
  get cidr(): string {
    return formatCidr(this.vpc);
  }

  /** All addresses of a tier. */
  tier(tier: Tier): string {
    return formatCidr(this.tierBlock(tier));
  }

  /** The subnet of a tier in one of up to three availability zones. */
  subnet(tier: Tier, zone: number): string {
    const block = this.tierBlock(tier);
    const prefix = tier === 'firewall' || tier === 'nat' ? SMALLEST_SUBNET : block.prefix + 2;
    return formatCidr(part(block, prefix, zone));
  }

  /** All addresses of the `index`th workload with egress. */
  dedicated(index: number): string {
    return formatCidr(this.dedicatedBlock(index));
  }

  /** The subnet of the `index`th workload with egress in one of up to three availability zones. */
  dedicatedSubnet(index: number, zone: number): string {
    const block = this.dedicatedBlock(index);
    return formatCidr(part(block, block.prefix + 2, zone));
  }

  private tierBlock(tier: Tier): AddressBlock {
    const { vpc } = this;
    if (tier === 'workload') return part(vpc, vpc.prefix + 2, 0);
    return part(vpc, vpc.prefix + 4, { front: 4, endpoint: 5, firewall: 6, nat: 7 }[tier]);
  }

  private dedicatedBlock(index: number): AddressBlock {
    if (index >= this.dedicatedBlocks) {
      throw new Error(`the zone ${this.cidr} has addresses for ${this.dedicatedBlocks} workloads with egress, and this is one more`);
    }
    return part(part(this.vpc, this.vpc.prefix + 1, 1), this.vpc.prefix + 1 + DEDICATED_BITS, index);
  }
}

/** @throws Error when it is not the CIDR of an IPv4 block with nothing in its host part */
export function parseCidr(cidr: string): AddressBlock {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const numbers = match?.slice(1).map(Number) ?? [];
  const [a, b, c, d, prefix] = numbers as [number, number, number, number, number];
  if (!match || [a, b, c, d].some((octet) => octet > 255) || prefix > 32) throw new Error(`${JSON.stringify(cidr)} is not an IPv4 block, expected for example "10.80.0.0/20"`);
  const base = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  if (base % 2 ** (32 - prefix) !== 0) throw new Error(`${JSON.stringify(cidr)} has bits in its host part, expected the first address of the block`);
  return { base, prefix };
}

/** Whether two blocks have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [parseCidr(one), parseCidr(other)];
  return a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a);
}

function part(block: AddressBlock, prefix: number, index: number): AddressBlock {
  return { base: block.base + index * 2 ** (32 - prefix), prefix };
}

function sizeOf({ prefix }: AddressBlock): number {
  return 2 ** (32 - prefix);
}

function formatCidr({ base, prefix }: AddressBlock): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${prefix}`;
}

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(parseCidr);

function isPrivate(block: AddressBlock): boolean {
  return PRIVATE.some((range) => block.base >= range.base && block.base + sizeOf(block) <= range.base + sizeOf(range));
}
