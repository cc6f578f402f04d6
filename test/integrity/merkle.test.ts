import fc from 'fast-check';
import { EMPTY_ROOT, Frontier, consistencyProof, inclusionProof, leafHash, nodeHash, rootOf, verifyConsistency, verifyInclusion } from '../../lambda/integrity/merkle';

/** Leaves and roots of the reference implementation of RFC 6962 (certificate-transparency, merkle tree tests). */
const REFERENCE_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) => leafHash(Buffer.from(hex, 'hex')));
const REFERENCE_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const leavesOf = (size: number) => Array.from({ length: size }, (_, index) => leafHash(`leaf ${index}`));
const treeOf = (leaves: readonly Buffer[], size: number) => ({ size, root: rootOf(leaves, size) });
const sizes = fc.integer({ min: 1, max: 130 });
const within = sizes.chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 1, max: size })));

describe('a Merkle tree (RFC 6962)', () => {
  test('has the roots of the reference implementation', () => {
    expect(EMPTY_ROOT.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    REFERENCE_ROOTS.forEach((root, index) => expect(rootOf(REFERENCE_LEAVES, index + 1).toString('hex')).toBe(root));
  });

  test('has the same root when it grows leaf by leaf', () => {
    const leaves = leavesOf(200);
    const frontier = new Frontier();
    leaves.forEach((leaf, index) => {
      const before = frontier.root();
      frontier.copy().append(leaf);
      expect(frontier.root()).toEqual(before);
      frontier.append(leaf);
      expect(frontier.root()).toEqual(rootOf(leaves, index + 1));
      expect(frontier.size).toBe(index + 1);
    });
  });

  test('SC-2 proves that each leaf is in it', () => {
    fc.assert(
      fc.property(within, ([size, position]) => {
        const leaves = leavesOf(size);
        const proof = inclusionProof(leaves, position - 1);
        expect(verifyInclusion(leaves[position - 1]!, position - 1, proof, treeOf(leaves, size))).toBe(true);
      }),
    );
  });

  test('SC-2 proves that it only grew', () => {
    fc.assert(
      fc.property(within, ([size, first]) => {
        const leaves = leavesOf(size);
        expect(verifyConsistency(treeOf(leaves, first), treeOf(leaves, size), consistencyProof(leaves, first))).toBe(true);
      }),
    );
  });

  test('SC-2 a forged proof of inclusion fails: another leaf, place, size, root, or a changed, missing or added hash', () => {
    fc.assert(
      fc.property(within, fc.nat(), ([size, position], at) => {
        const leaves = leavesOf(size);
        const index = position - 1;
        const leaf = leaves[index]!;
        const tree = treeOf(leaves, size);
        const proof = inclusionProof(leaves, index);
        const other = leafHash('forged');
        expect(verifyInclusion(other, index, proof, tree)).toBe(false);
        expect(verifyInclusion(leaf, size, proof, tree)).toBe(false);
        expect(verifyInclusion(leaf, -1, proof, tree)).toBe(false);
        if (size > 1) expect(verifyInclusion(leaf, (index + 1) % size, proof, tree)).toBe(false);
        expect(verifyInclusion(leaf, index, proof, { size, root: other })).toBe(false);
        expect(verifyInclusion(leaf, index, [...proof, other], tree)).toBe(false);
        if (proof.length > 0) {
          expect(verifyInclusion(leaf, index, proof.slice(1), tree)).toBe(false);
          expect(verifyInclusion(leaf, index, proof.with(at % proof.length, other), tree)).toBe(false);
        }
      }),
    );
  });

  test('SC-2 a forged proof of consistency fails: a rewritten past, or a changed, missing or added hash', () => {
    fc.assert(
      fc.property(within, fc.nat(), ([size, first], at) => {
        const leaves = leavesOf(size);
        const newer = treeOf(leaves, size);
        const older = treeOf(leaves, first);
        const proof = consistencyProof(leaves, first);
        const other = leafHash('forged');
        const rewritten = treeOf(leaves.with(at % first, other), first);
        expect(verifyConsistency(rewritten, newer, proof)).toBe(false);
        expect(verifyConsistency(older, { ...newer, root: other }, proof)).toBe(false);
        expect(verifyConsistency(older, newer, [...proof, other])).toBe(false);
        expect(verifyConsistency({ ...older, size: size + 1 }, newer, proof)).toBe(false);
        if (proof.length > 0) {
          expect(verifyConsistency(older, newer, proof.slice(1))).toBe(false);
          expect(verifyConsistency(older, newer, proof.with(at % proof.length, other))).toBe(false);
        }
      }),
    );
  });

  test('a node does not pass for a leaf', () => {
    const [one, two] = leavesOf(2) as [Buffer, Buffer];
    expect(leafHash(Buffer.concat([one, two]))).not.toEqual(nodeHash(one, two));
  });

  test.each([
    ['inclusion of a leaf that is not there', () => inclusionProof(leavesOf(3), 3)],
    ['consistency with a larger tree', () => consistencyProof(leavesOf(3), 4)],
    ['consistency with nothing', () => consistencyProof(leavesOf(3), 0)],
    ['a root of more than there is', () => rootOf(leavesOf(3), 4)],
  ])('gives no proof of %s', (_name, prove) => expect(prove).toThrow(RangeError));
});
