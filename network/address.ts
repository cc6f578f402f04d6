import ipaddr from 'ipaddr.js';

/** An IPv4 or IPv6 address as a number, so that ranges are comparisons. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** All addresses from `first` to `last`, both included. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** Reads an address; undefined where it is none. */
export function parseAddress(text: string): Address | undefined {
  if (!ipaddr.isValid(text)) return undefined;
  const parsed = ipaddr.parse(text);
  return { family: parsed.kind() === 'ipv4' ? 4 : 6, value: toNumber(parsed.toByteArray()) };
}

/** Reads a CIDR block, or one address as a block of one; undefined where it is neither. */
export function parseCidr(text: unknown): AddressRange | undefined {
  if (typeof text !== 'string') return undefined;
  const [address, length, ...rest] = text.split('/');
  const base = parseAddress(address ?? '');
  if (!base || rest.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined;
  const bits = base.family === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const first = (base.value / size) * size;
  return { family: base.family, first, last: first + size - 1n };
}

/** As `parseCidr`, for constants. @throws Error where the text is no block */
export function cidr(text: string): AddressRange {
  const range = parseCidr(text);
  if (!range) throw new Error(`${JSON.stringify(text)} is no CIDR block`);
  return range;
}

export function contains(range: AddressRange, address: Address): boolean {
  return range.family === address.family && range.first <= address.value && address.value <= range.last;
}

/** How many bits of a block are fixed: the more, the more specific a route to it. */
export function prefixLength({ family, first, last }: AddressRange): number {
  return (family === 4 ? 32 : 128) - ((last - first + 1n).toString(2).length - 1);
}

/** What is left of ranges without others. */
export function subtractRanges(ranges: readonly AddressRange[], holes: readonly AddressRange[]): readonly AddressRange[] {
  return holes.reduce<readonly AddressRange[]>(
    (left, hole) =>
      left.flatMap((range): readonly AddressRange[] => {
        if (range.family !== hole.family || hole.last < range.first || range.last < hole.first) return [range];
        const { family } = range;
        return [
          ...(range.first < hole.first ? [{ family, first: range.first, last: hole.first - 1n }] : []),
          ...(hole.last < range.last ? [{ family, first: hole.last + 1n, last: range.last }] : []),
        ];
      }),
    ranges,
  );
}

export function formatAddress({ family, value }: Address): string {
  const bytes = Array.from({ length: family === 4 ? 4 : 16 }, (_, index, count = family === 4 ? 4 : 16) => Number((value >> BigInt(8 * (count - 1 - index))) & 255n));
  return ipaddr.fromByteArray(bytes).toString();
}

/** The address `offset` after the first of a block; the last one of the block where that is outside. */
export function addressIn({ family, first, last }: AddressRange, offset: number): Address {
  const value = first + BigInt(offset);
  return { family, value: value > last ? last : value };
}

/** Splits a block into `count` blocks whose host part has `hostBits` bits, as `Fn::Cidr` does. */
export function splitCidr(range: AddressRange, count: number, hostBits: number): readonly string[] {
  const size = 1n << BigInt(hostBits);
  const prefix = (range.family === 4 ? 32 : 128) - hostBits;
  return Array.from({ length: count }, (_, index) => `${formatAddress({ family: range.family, value: range.first + BigInt(index) * size })}/${prefix}`);
}

function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
