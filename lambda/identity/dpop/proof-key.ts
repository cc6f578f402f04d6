import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { LRUCache } from 'lru-cache';
import type { ProofRefusalReason } from '../failure';
import { DPOP_ALGORITHMS, fits, type DpopAlgorithm } from './algorithms';

/** The public key of a proof's header. */
export interface ProofKey {
  readonly algorithm: DpopAlgorithm;
  readonly key: KeyObject;
  /** RFC 7638, SHA-256, base64url: what a token's `cnf.jkt` names. */
  readonly thumbprint: string;
}

/** Why a header is none of a proof. */
export class ProofRefused extends Error {
  constructor(readonly reason: ProofRefusalReason) {
    super(reason);
    this.name = 'ProofRefused';
  }
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const MAX_KEYS = 10_000;

/**
 * Reads the header of a proof. A client sends the same header with every proof, so its key is imported once; what is
 * remembered is only what the header itself says, so that one client's header can do nothing for another's.
 * @throws ProofRefused
 */
export function createProofKeys(): (header: string) => ProofKey | Promise<ProofKey> {
  const known = new LRUCache<string, ProofKey>({ max: MAX_KEYS });
  return (header) => known.get(header) ?? read(header);

  async function read(header: string): Promise<ProofKey> {
    const key = await importKey(header);
    known.set(header, key);
    return key;
  }
}

async function importKey(header: string): Promise<ProofKey> {
  const { typ, alg, jwk, crit } = parseHeader(header);
  // No extension is understood that a proof could declare to be critical (RFC 7515 section 4.1.11).
  if (typ !== 'dpop+jwt' || crit !== undefined) throw new ProofRefused('proof_malformed');
  const algorithm = DPOP_ALGORITHMS.find((accepted) => accepted === alg);
  if (algorithm === undefined) throw new ProofRefused('proof_algorithm');
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) throw new ProofRefused('proof_key');
  const { kty, crv, x, y, n, e, ...rest } = jwk as JWK;
  if (PRIVATE_MEMBERS.some((member) => member in rest)) throw new ProofRefused('proof_key');
  // Only what makes the key: a client's `use` or `key_ops` says nothing here.
  const bare = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined)) as JWK;
  try {
    const key = createPublicKey({ key: bare as JsonWebKey, format: 'jwk' });
    if (!fits(key, algorithm)) throw new ProofRefused('proof_key');
    return { algorithm, key, thumbprint: await calculateJwkThumbprint(bare, 'sha256') };
  } catch {
    throw new ProofRefused('proof_key');
  }
}

function parseHeader(header: string): { readonly typ?: unknown; readonly alg?: unknown; readonly jwk?: unknown; readonly crit?: unknown } {
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // The same refusal as for any other header.
  }
  throw new ProofRefused('proof_malformed');
}
