import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../protocol';

/**
 * Authenticated encryption (AES-256-GCM) of values that travel through a client: session ids and request state.
 * The client can neither read nor change them, and no instance has to remember them. `purpose` keeps one kind
 * of sealed value from being presented as another.
 */
export interface Seal {
  seal(purpose: string, value: JsonObject): string;
  /** The value, or `undefined` when `text` was not sealed for `purpose` with this key. */
  open(purpose: string, text: string): JsonObject | undefined;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
const MAX_SEALED_CHARACTERS = 65_536;

/** @throws {RangeError} when the key is not 32 bytes long */
export function createSeal(key: Uint8Array): Seal {
  if (key.length !== 32) throw new RangeError(`the seal key must be 32 bytes long, got ${key.length}`);
  return {
    seal(purpose, value) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([iv, cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
      return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open(purpose, text) {
      if (text.length > MAX_SEALED_CHARACTERS || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
      const bytes = Buffer.from(text, 'base64url');
      // Only the text that was given out stands for the value: no stray bits or characters at its end.
      if (bytes.length <= IV_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(purpose))
        .setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      try {
        const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
        const value: unknown = JSON.parse(plain.toString('utf8'));
        return isJsonObject(value) ? value : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
