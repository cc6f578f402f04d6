import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { assertP256, keyIdOf, type PublicHeadSigner } from './log/tree-head';

/**
 * Signs with the ECDSA P-256 key in `file` (PEM, PKCS #8). A file that does not exist is made, readable by its owner alone.
 * @throws Error where the file cannot be read or holds another kind of key; the message never quotes it
 */
export function openKeyFile(file: string): PublicHeadSigner {
  const privateKey = openPrivateKeyFile(file);
  const publicKey = createPublicKey(privateKey);
  return {
    keyId: keyIdOf(publicKey),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: async (bytes) => sign('sha256', bytes, privateKey),
  };
}

/**
 * The ECDSA P-256 key in `file`, made where there is none.
 * @throws Error as {@link openKeyFile}
 */
export function openPrivateKeyFile(file: string): KeyObject {
  return readKey(file) ?? createKey(file);
}

function readKey(file: string): KeyObject | undefined {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${file}: the signing key cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    const key = createPrivateKey(pem);
    assertP256(key);
    return key;
  } catch {
    throw new Error(`${file}: expected a private ECDSA key on the curve P-256, in PEM`);
  }
}

function createKey(file: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    return privateKey;
  } catch (error) {
    // Another process has made it in the meantime.
    const made = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readKey(file) : undefined;
    if (made !== undefined) return made;
    throw new Error(`${file}: the signing key cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}
