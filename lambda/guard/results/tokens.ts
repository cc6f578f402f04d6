import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

/** Turns data into tokens and back. A token says which kind of data it stands for and nothing else without the key. */
export interface Tokeniser {
  tokenOf(recogniser: string, datum: string): string;
  /** The text with every token of this key replaced by what it stands for. */
  reveal(text: string): string;
}

const TOKEN = /\[sealed:([a-z0-9-]{1,63}):([A-Za-z0-9_-]{38,4000})\]/g;

/**
 * Reversible tokens. The same datum is the same token, so that two places that named the same card still do; that is why the
 * nonce is a keyed digest of the datum (synthetic initialization vector, RFC 8452's idea over AES-256-GCM).
 *
 * @param key 32 bytes
 */
export function createTokeniser(key: Uint8Array): Tokeniser {
  const derived = (purpose: string) => Buffer.from(hkdfSync('sha256', key, '', `guard tokens: ${purpose}`, 32));
  const cipherKey = derived('seal');
  const nonceKey = derived('nonce');
  return {
    tokenOf(recogniser, datum) {
      const nonce = createHmac('sha256', nonceKey).update(`${recogniser}\0${datum}`).digest().subarray(0, 12);
      const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce).setAAD(Buffer.from(recogniser));
      const sealed = Buffer.concat([nonce, cipher.update(datum, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `[sealed:${recogniser}:${sealed.toString('base64url')}]`;
    },
    reveal: (text) => (text.includes('[sealed:') ? text.replace(TOKEN, (token, recogniser: string, sealed: string) => open(cipherKey, recogniser, sealed) ?? token) : text),
  };
}

function open(key: Buffer, recogniser: string, text: string): string | undefined {
  const sealed = Buffer.from(text, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(Buffer.from(recogniser)).setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
