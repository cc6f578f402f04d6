import type { Secret } from './secret';
import { CredentialUnavailable, type UpstreamCredentials } from './upstream-credentials';

/** A secret that the server knows, in a header. */
export interface SecretHeaderOptions {
  readonly secret: Secret;
  /** @default 'authorization' */
  readonly header?: string;
  /** Put before the secret. @default - 'Bearer ' in `authorization`, nothing elsewhere */
  readonly prefix?: string;
}

const HEADER_VALUE = /^[\x20-\x7e]+$/;

/** The same secret for every principal; read again when the server refuses it, so that a rotation costs one request a retry. */
export function createSecretHeader({ secret, header = 'authorization', prefix }: SecretHeaderOptions): UpstreamCredentials {
  const name = header.toLowerCase();
  const before = prefix ?? (name === 'authorization' ? 'Bearer ' : '');
  return {
    owner: 'gateway',
    async headersFor() {
      const text = await secret.read().catch((cause: unknown) => {
        throw new CredentialUnavailable('the secret cannot be read', { cause });
      });
      if (!HEADER_VALUE.test(text)) throw new CredentialUnavailable('the secret cannot be sent in a header');
      return { [name]: before + text };
    },
    refused: () => secret.expire(),
  };
}
