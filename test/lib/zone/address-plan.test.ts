import fc from 'fast-check';
import { AddressPlan, overlap, parseCidr } from '../../../lib/zone/address-plan';

const TIERS = ['workload', 'front', 'endpoint', 'firewall', 'nat'] as const;

/** Any private block that a zone can have. */
const cidrs = fc.tuple(fc.integer({ min: 16, max: 20 }), fc.nat(15)).map(([prefix, index]) => `10.80.${(index * 2 ** (24 - prefix)) % 256}.0/${prefix}`)
  .filter((cidr) => parses(cidr));

function parses(cidr: string): boolean {
  try {
    parseCidr(cidr);
    return true;
  } catch {
    return false;
  }
}

test('NET-1 no two subnets of a zone have an address in common, and all are in it', () => {
  fc.assert(fc.property(cidrs, fc.nat(31), fc.nat(31), (cidr, one, other) => {
    const plan = new AddressPlan(cidr);
    const subnets = [0, 1, 2].flatMap((zone) => [
      ...TIERS.map((tier) => plan.subnet(tier, zone)),
      plan.dedicatedSubnet(one, zone),
      ...(one === other ? [] : [plan.dedicatedSubnet(other, zone)]),
    ]);
    for (const [index, subnet] of subnets.entries()) {
      expect(overlap(subnet, cidr)).toBe(true);
      expect(subnets.filter((another, at) => at !== index && overlap(subnet, another))).toEqual([]);
    }
  }));
});

test('the block of a tier, and of a workload with egress, covers its subnets and no others', () => {
  const plan = new AddressPlan('10.80.0.0/20');
  for (const tier of TIERS) {
    for (const zone of [0, 1, 2]) {
      expect(TIERS.filter((other) => overlap(plan.tier(other), plan.subnet(tier, zone)))).toEqual([tier]);
      expect(overlap(plan.dedicated(3), plan.dedicatedSubnet(3, zone))).toBe(true);
      expect(overlap(plan.dedicated(2), plan.dedicatedSubnet(3, zone))).toBe(false);
    }
  }
});

test('is what the documentation says', () => {
  const plan = new AddressPlan('10.80.0.0/20');
  expect({ servers: plan.tier('workload'), front: plan.tier('front'), endpoints: plan.tier('endpoint'), firewall: plan.tier('firewall'), nat: plan.tier('nat'), egress: plan.dedicated(0) }).toEqual({
    servers: '10.80.0.0/22', front: '10.80.4.0/24', endpoints: '10.80.5.0/24', firewall: '10.80.6.0/24', nat: '10.80.7.0/24', egress: '10.80.8.0/26',
  });
  expect(plan.dedicatedBlocks).toBe(32);
  expect(new AddressPlan('10.0.0.0/16').dedicatedSubnet(31, 2)).toBe('10.0.254.0/24');
});

test('the last workload with egress still fits, and the one after is refused', () => {
  const plan = new AddressPlan('10.80.0.0/20');
  expect(plan.dedicated(31)).toBe('10.80.15.192/26');
  expect(() => plan.dedicated(32)).toThrow('the zone 10.80.0.0/20 has addresses for 32 workloads with egress, and this is one more');
});

test.each([
  ['10.80.0.0', 'is not an IPv4 block'],
  ['10.80.0.0/33', 'is not an IPv4 block'],
  ['10.80.0.256/20', 'is not an IPv4 block'],
  ['fd00::/20', 'is not an IPv4 block'],
  ['10.80.1.0/20', 'has bits in its host part'],
  ['10.0.0.0/8', 'expected a prefix length from 16 to 20'],
  ['10.80.0.0/21', 'expected a prefix length from 16 to 20'],
  ['100.64.0.0/16', 'expected private addresses'],
  ['172.32.0.0/16', 'expected private addresses'],
])('refuses %s', (cidr, message) => {
  expect(() => new AddressPlan(cidr)).toThrow(message);
});
