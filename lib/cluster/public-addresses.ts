/** Addresses that are nobody's on the internet: this machine's and network's, private ones, link-local, shared, multicast and reserved. */
const NOT_PUBLIC = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '224.0.0.0/3'];

/** The largest block that a network policy here may name. */
const LARGEST = 8;

/**
 * All public IPv4 addresses, in blocks of at most a 256th of all. A network policy can only say which addresses it allows, and what is in the internet must not
 * include what is inside.
 */
export function publicAddresses(): string[] {
  return Array.from({ length: 2 ** LARGEST }, (_, index) => ({ base: index * 2 ** (32 - LARGEST), prefix: LARGEST }))
    .flatMap((block) => without(block, NOT_PUBLIC.map(blockOf)))
    .map(({ base, prefix }) => `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${prefix}`);
}

interface Block {
  readonly base: number;
  readonly prefix: number;
}

/** What is left of a block, halved until each half is out of all others or in one of them. */
function without(block: Block, others: readonly Block[]): Block[] {
  const touching = others.filter((other) => contains(block, other) || contains(other, block));
  if (touching.length === 0) return [block];
  if (touching.some((other) => contains(other, block))) return [];
  const prefix = block.prefix + 1;
  return [block.base, block.base + 2 ** (32 - prefix)].flatMap((base) => without({ base, prefix }, touching));
}

function contains(outer: Block, inner: Block): boolean {
  return outer.prefix <= inner.prefix && Math.floor(inner.base / 2 ** (32 - outer.prefix)) === Math.floor(outer.base / 2 ** (32 - outer.prefix));
}

function blockOf(cidr: string): Block {
  const [address, prefix] = cidr.split('/');
  return { base: address!.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0), prefix: Number(prefix) };
}
