import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { canonicalJson, type JsonObject } from '../../protocol';

/** The state of the approval log at one moment. */
export interface TreeHead {
  /** Number of leaves. */
  readonly size: number;
  /** Merkle root, hexadecimal. */
  readonly root: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export interface SignedTreeHead extends TreeHead {
  /** `keyIdOf` the key that signed it. */
  readonly keyId: string;
  /** ECDSA P-256 with SHA-256, DER in base64, over `headBytes`. */
  readonly signature: string;
}

/** Signs heads. The private key is somewhere behind it. */
export interface HeadSigner {
  readonly keyId: string;
  /** The DER signature, ECDSA P-256 with SHA-256, of `bytes`. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A signer with the key that verifies what it signs. */
export interface PublicHeadSigner extends HeadSigner {
  /** PEM, SPKI. */
  readonly publicKey: string;
}

/** Says whether a head was signed with a key that is trusted. */
export type VerifyHead = (head: SignedTreeHead) => boolean;

/** What is signed: the RFC 8785 form of the head with its purpose, so that the signature is good for nothing else. */
export function headBytes({ size, root, at }: TreeHead): Buffer {
  return Buffer.from(canonicalJson({ purpose: 'mcp-zero-trust approval log head v1', size, root, at }));
}

export async function signHead(head: TreeHead, signer: HeadSigner): Promise<SignedTreeHead> {
  const signature = Buffer.from(await signer.sign(headBytes(head))).toString('base64');
  return { ...head, keyId: signer.keyId, signature };
}

/** SHA-256 of the public key's DER form (SPKI), hexadecimal. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('hex');
}

/**
 * Verifies heads against trusted public keys (PEM); several, while a key is replaced.
 * @throws TypeError for a key that is not ECDSA P-256
 */
export function createHeadVerifier(publicKeys: readonly string[]): VerifyHead {
  const keys = new Map(
    publicKeys.map((pem) => {
      const key = createPublicKey(pem);
      assertP256(key);
      return [keyIdOf(key), key] as const;
    }),
  );
  return ({ keyId, signature, ...head }) => {
    const key = keys.get(keyId);
    return key !== undefined && verify('sha256', headBytes(head), key, Buffer.from(signature, 'base64'));
  };
}

/** @throws TypeError */
export function assertP256(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new TypeError('expected an ECDSA key on the curve P-256');
}

/** @throws TypeError where `value` is not a signed head */
export function asSignedTreeHead(value: JsonObject | undefined): SignedTreeHead {
  const { size, root, at, keyId, signature } = value ?? {};
  if (!Number.isSafeInteger(size) || typeof root !== 'string' || typeof at !== 'string' || Number.isNaN(Date.parse(at)) || typeof keyId !== 'string' || typeof signature !== 'string') {
    throw new TypeError('an entry of the approval log has no signed head');
  }
  return { size: size as number, root, at, keyId, signature };
}
