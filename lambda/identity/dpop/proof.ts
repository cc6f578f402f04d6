import { hash } from 'node:crypto';
import type { AuthenticationInput } from '../authenticator';
import type { ProofRefusalReason } from '../failure';
import { isSignedBy } from './algorithms';
import type { DpopNonces } from './nonces';
import { createProofKeys, ProofRefused } from './proof-key';
import type { ReplayStore } from './replay-store';

export interface DpopOptions {
  /**
   * Where used proofs are remembered. Instances behind one address have to share it.
   * @default - in the memory of this instance
   */
  readonly replayStore?: ReplayStore;
  /** How old a proof may be, seconds, 5 to 600. @default 300 */
  readonly maxProofAgeSeconds?: number;
  /**
   * 32 bytes, shared by all instances. With it, a proof must hold a nonce that the gateway gave to the client (RFC 9449
   * section 9), so that no proof can be made in advance.
   * @default - proofs need no nonce
   */
  readonly nonceKey?: Uint8Array;
}

/** What a proof has to prove. */
export interface ProofDemand {
  /** As it was presented in `Authorization`. */
  readonly accessToken: string;
  /** `cnf.jkt` of the token. */
  readonly thumbprint: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type ProofResult =
  | { readonly kind: 'proved'; /** For the client's next proof. */ readonly nonce?: string }
  | { readonly kind: 'nonce_required'; readonly nonce: string }
  | { readonly kind: 'refused'; readonly reason: ProofRefusalReason }
  | { readonly kind: 'unavailable' };

/** Checks the proof of a request. Never rejects. */
export type ProofVerifier = (input: Pick<AuthenticationInput, 'headers' | 'method' | 'resource'>, demand: ProofDemand) => Promise<ProofResult>;

const MAX_PROOF_LENGTH = 8 * 1024;
const MAX_JTI_LENGTH = 256;
/** How far a client's clock may be ahead, seconds. */
const AHEAD_SECONDS = 60;

const PROVED: ProofResult = { kind: 'proved' };

/**
 * The checks of RFC 9449 section 4.3, all of them, on the one proof of a request.
 * @param nonces @default - proofs need no nonce
 */
export function createProofVerifier(replayStore: ReplayStore, maxAgeSeconds: number, nonces?: DpopNonces): ProofVerifier {
  const keyOf = createProofKeys();

  async function check({ headers, method, resource }: Parameters<ProofVerifier>[0], { accessToken, thumbprint, now }: ProofDemand): Promise<ProofResult> {
    const proof = readProof(headers);
    const known = keyOf(proof.header);
    const { algorithm, key, thumbprint: proved } = 'key' in known ? known : await known;
    if (proved !== thumbprint) throw new ProofRefused('proof_wrong_key');
    if (!isSignedBy(key, algorithm, proof.signed, proof.signature)) throw new ProofRefused('proof_signature');
    const { jti, htm, htu, iat, ath, nonce } = parsePayload(proof.payload);
    if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_LENGTH) throw new ProofRefused('proof_malformed');
    if (typeof htm !== 'string' || typeof htu !== 'string' || typeof iat !== 'number' || typeof ath !== 'string') throw new ProofRefused('proof_malformed');
    if (htm !== method) throw new ProofRefused('proof_method');
    if (htu !== resource && normalized(htu) !== normalized(resource)) throw new ProofRefused('proof_url');
    const freshness = nonces?.check(nonce, now);
    if (nonces !== undefined && freshness === 'bad') return { kind: 'nonce_required', nonce: nonces.issue(now) };
    const age = now / 1000 - iat;
    if (!(age <= maxAgeSeconds && age >= -AHEAD_SECONDS)) throw new ProofRefused('proof_time');
    if (ath !== hash('sha256', accessToken, 'base64url')) throw new ProofRefused('proof_token');
    if (!(await claim(thumbprint, jti, (iat + maxAgeSeconds) * 1000))) throw new ProofRefused('proof_replayed');
    return nonces !== undefined && freshness === 'renew' ? { kind: 'proved', nonce: nonces.issue(now) } : PROVED;
  }

  /** One key's proofs are told apart by their ids; a digest, because a client chooses the id (RFC 9449 section 11.1). */
  async function claim(thumbprint: string, jti: string, expiresAt: number): Promise<boolean> {
    try {
      return await replayStore.claim(hash('sha256', `${thumbprint}\n${jti}`, 'base64url'), expiresAt);
    } catch {
      throw new ReplayStoreUnavailable();
    }
  }

  return async (input, demand) => {
    try {
      return await check(input, demand);
    } catch (error) {
      if (error instanceof ReplayStoreUnavailable) return { kind: 'unavailable' };
      return { kind: 'refused', reason: refusalReason(error) };
    }
  };
}

class ReplayStoreUnavailable extends Error {}

/** The parts of a JWS in compact serialization. */
interface Proof {
  readonly header: string;
  readonly payload: string;
  /** What the signature is over. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/** @throws ProofRefused unless the request has exactly one proof; two header fields arrive joined by a comma */
function readProof(headers: Pick<Headers, 'get'>): Proof {
  const text = headers.get('dpop');
  if (text === null) throw new ProofRefused('proof_missing');
  if (text.includes(',')) throw new ProofRefused('proof_several');
  const parts = text.length > MAX_PROOF_LENGTH ? null : COMPACT.exec(text);
  if (parts === null) throw new ProofRefused('proof_malformed');
  const [, header = '', payload = '', signature = ''] = parts;
  return { header, payload, signed: Buffer.from(text.slice(0, -signature.length - 1), 'latin1'), signature: Buffer.from(signature, 'base64url') };
}

function parsePayload(payload: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims === 'object' && claims !== null) return claims as Record<string, unknown>;
  } catch {
    // The same refusal as for any other payload.
  }
  throw new ProofRefused('proof_malformed');
}

/** Without query and fragment, in the normal form of RFC 3986 sections 6.2.2 and 6.2.3. */
function normalized(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, pathname } = new URL(text);
  return origin + pathname.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escape.toUpperCase();
  });
}

function refusalReason(error: unknown): ProofRefusalReason {
  return error instanceof ProofRefused ? error.reason : 'proof_malformed';
}
