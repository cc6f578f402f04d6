import { EMPTY_ROOT, nodeHash } from './hash';

/** The largest power of two that is smaller than `size`. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function rootOfRange(leaves: readonly Buffer[], start: number, end: number): Buffer {
  if (end - start === 1) return leaves[start] as Buffer;
  const middle = start + splitOf(end - start);
  return nodeHash(rootOfRange(leaves, start, middle), rootOfRange(leaves, middle, end));
}

/** Merkle tree hash of the first `size` leaf hashes (RFC 6962, section 2.1). @throws RangeError where there are fewer */
export function rootOf(leaves: readonly Buffer[], size: number = leaves.length): Buffer {
  if (!Number.isInteger(size) || size < 0 || size > leaves.length) throw new RangeError(`a tree of ${leaves.length} leaves has no root of size ${size}`);
  return size === 0 ? EMPTY_ROOT : rootOfRange(leaves, 0, size);
}

/** Audit path of the leaf at `index` in the tree of the first `size` leaves (section 2.1.1). @throws RangeError */
export function inclusionProof(leaves: readonly Buffer[], index: number, size: number = leaves.length): Buffer[] {
  if (!Number.isInteger(index) || index < 0 || index >= size || size > leaves.length) throw new RangeError(`there is no leaf ${index} in a tree of ${size}`);
  return path(leaves, index, 0, size);
}

function path(leaves: readonly Buffer[], index: number, start: number, end: number): Buffer[] {
  if (end - start === 1) return [];
  const middle = start + splitOf(end - start);
  return index < middle
    ? [...path(leaves, index, start, middle), rootOfRange(leaves, middle, end)]
    : [...path(leaves, index, middle, end), rootOfRange(leaves, start, middle)];
}

/** Proof that the tree of the first `first` leaves is the beginning of that of `size` leaves (section 2.1.2). @throws RangeError */
export function consistencyProof(leaves: readonly Buffer[], first: number, size: number = leaves.length): Buffer[] {
  if (!Number.isInteger(first) || first < 1 || first > size || size > leaves.length) throw new RangeError(`a tree of ${size} leaves has none of ${first} in it`);
  return subproof(leaves, first, 0, size, true);
}

function subproof(leaves: readonly Buffer[], first: number, start: number, end: number, whole: boolean): Buffer[] {
  if (first === end) return whole ? [] : [rootOfRange(leaves, start, end)];
  const middle = start + splitOf(end - start);
  return first <= middle
    ? [...subproof(leaves, first, start, middle, whole), rootOfRange(leaves, middle, end)]
    : [...subproof(leaves, first, middle, end, false), rootOfRange(leaves, start, middle)];
}
