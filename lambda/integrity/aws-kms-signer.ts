import { createPublicKey, type KeyObject } from 'node:crypto';
import { GetPublicKeyCommand, SignCommand, type KMSClient } from '@aws-sdk/client-kms';
import { assertP256, keyIdOf, type PublicHeadSigner } from './log/tree-head';

/**
 * Signs with an asymmetric KMS key of spec `ECC_NIST_P256`; the private key never leaves KMS, whose signatures are DER as the
 * log's are. Needs `kms:Sign` and `kms:GetPublicKey` on it.
 * @throws TypeError where the key is of another spec
 */
export async function createKmsSigner(client: KMSClient, key: string): Promise<PublicHeadSigner> {
  const publicKey = await fetchPublicKey(client, key);
  return {
    keyId: keyIdOf(publicKey),
    publicKey: pemOf(publicKey),
    async sign(bytes) {
      const answer = await client.send(new SignCommand({ KeyId: key, Message: bytes, MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256' }));
      if (answer.Signature === undefined) throw new Error('KMS gave no signature');
      return answer.Signature;
    },
  };
}

/**
 * The public key (PEM, SPKI) of such a key, for whoever only verifies. Needs `kms:GetPublicKey`.
 * @throws TypeError where the key is of another spec
 */
export async function readKmsPublicKey(client: KMSClient, key: string): Promise<string> {
  return pemOf(await fetchPublicKey(client, key));
}

async function fetchPublicKey(client: KMSClient, key: string): Promise<KeyObject> {
  const { PublicKey: der } = await client.send(new GetPublicKeyCommand({ KeyId: key }));
  if (der === undefined) throw new TypeError('KMS gave no public key');
  const publicKey = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  assertP256(publicKey);
  return publicKey;
}

function pemOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}
