import { createHmac, timingSafeEqual } from 'node:crypto';

/** Nonces that the gateway gives to clients for their proofs (RFC 9449 section 9). */
export interface DpopNonces {
  /** A nonce that is good from now on. */
  issue(now: number): string;
  /** `renew`: good, and so old that the client should get a new one with the answer. */
  check(nonce: unknown, now: number): 'good' | 'renew' | 'bad';
}

const MAC_BYTES = 16;
const TIME_BYTES = 6;
const LENGTH = Math.ceil(((TIME_BYTES + MAC_BYTES) * 4) / 3);

/**
 * Nonces that hold the time they were issued at, and a MAC over it: every instance with the key knows one of any other, and
 * nothing is stored. Guessed ahead of time they cannot be, so neither can a proof be made in advance.
 *
 * @param key 32 bytes, of this purpose only
 * @param lifetimeMs how long a nonce is good
 */
export function createDpopNonces(key: Uint8Array, lifetimeMs: number): DpopNonces {
  const macOf = (time: Buffer) => createHmac('sha256', key).update(time).digest().subarray(0, MAC_BYTES);
  return {
    issue(now) {
      const time = Buffer.alloc(TIME_BYTES);
      time.writeUIntBE(Math.floor(now), 0, TIME_BYTES);
      return Buffer.concat([time, macOf(time)]).toString('base64url');
    },
    check(nonce, now) {
      if (typeof nonce !== 'string' || nonce.length !== LENGTH) return 'bad';
      const bytes = Buffer.from(nonce, 'base64url');
      if (bytes.length !== TIME_BYTES + MAC_BYTES) return 'bad';
      const time = bytes.subarray(0, TIME_BYTES);
      if (!timingSafeEqual(bytes.subarray(TIME_BYTES), macOf(time))) return 'bad';
      const age = now - time.readUIntBE(0, TIME_BYTES);
      // Another instance's clock may be ahead of ours.
      if (age > lifetimeMs || age < -lifetimeMs) return 'bad';
      return age > lifetimeMs / 2 ? 'renew' : 'good';
    },
  };
}
