import { BlockList } from 'node:net';
import fc from 'fast-check';
import { publicAddresses } from '../../../lib/cluster/public-addresses';

const allowed = new BlockList();
for (const cidr of publicAddresses()) allowed.addSubnet(cidr.split('/')[0]!, Number(cidr.split('/')[1]), 'ipv4');

/** By the registry of special-purpose addresses (RFC 6890) and RFC 1112. */
const special = new BlockList();
for (const [address, bits] of [['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.168.0.0', 16], ['224.0.0.0', 4], ['240.0.0.0', 4]] as const) {
  special.addSubnet(address, bits, 'ipv4');
}

const text = (number: number) => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

test('NET-1 an address is public, or it is private, local, shared, multicast or reserved, and never both', () => {
  fc.assert(fc.property(fc.nat(2 ** 32 - 1), (number) => {
    expect(allowed.check(text(number))).toBe(!special.check(text(number)));
  }), { numRuns: 5_000 });
});

test.each(['169.254.169.254', '169.254.170.23', '10.80.0.1', '172.31.255.255', '192.168.0.0', '100.127.255.255', '255.255.255.255'])('NET-1 %s is not in the internet', (address) => {
  expect(allowed.check(address)).toBe(false);
});

test.each(['1.0.0.0', '9.255.255.255', '11.0.0.0', '100.128.0.0', '169.253.255.255', '169.255.0.0', '172.32.0.0', '223.255.255.255'])('%s is', (address) => {
  expect(allowed.check(address)).toBe(true);
});
