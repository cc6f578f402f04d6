import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Secret } from './secret';

/** How long a value is believed, milliseconds. A rotation is noticed sooner where the old value is refused. */
const BELIEVED_MS = 300_000;
/** A value that keeps being refused is read again at most this often, milliseconds. */
const REREAD_MS = 5_000;

/**
 * A secret of AWS Secrets Manager, in its current version (`AWSCURRENT`).
 *
 * @param key member of the JSON object that the secret is. @default - the secret is the text itself
 * @param clock milliseconds since the epoch. @default Date.now
 */
export function secretsManagerSecret(client: SecretsManagerClient, arn: string, key?: string, clock: () => number = Date.now): Secret {
  let known: { readonly value: Promise<string>; readonly at: number } | undefined;

  async function fetchValue(): Promise<string> {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    if (SecretString === undefined) throw new Error(`the secret ${arn} has no text`);
    return key === undefined ? SecretString : memberOf(arn, SecretString, key);
  }

  return {
    read() {
      if (known === undefined || clock() - known.at >= BELIEVED_MS) {
        const started = { value: fetchValue(), at: clock() };
        known = started;
        started.value.catch(() => {
          if (known === started) known = undefined;
        });
      }
      return known.value;
    },
    expire() {
      if (known !== undefined && clock() - known.at >= REREAD_MS) known = undefined;
    },
  };
}

function memberOf(arn: string, text: string, key: string): string {
  const fault = new Error(`the secret ${arn} has no text under the key ${JSON.stringify(key)}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fault;
  }
  const member = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  if (typeof member !== 'string') throw fault;
  return member;
}
