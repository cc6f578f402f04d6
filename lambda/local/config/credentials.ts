import { resolve } from 'node:path';
import { createUpstreamCredentials, fileSecret, fixedSecret, type CredentialSettings, type UpstreamCredentials } from '../../credentials';
import { createAwsSigner } from '../../credentials/aws-signer';

/** A secret as a configuration file names it: the text itself, usually `${NAME}` of the environment, or a file. */
export type SecretEntry = string | { readonly file: string };

export type CredentialsEntry = CredentialSettings<SecretEntry>;

/**
 * The credentials that `entry` describes, towards the server at `url`.
 *
 * @param replace puts variables in; reports what is missing by itself
 * @param folder of the configuration file: files are named relative to it
 * @throws TypeError that says what is wrong, without a value
 */
export function readCredentials(entry: CredentialsEntry, url: string, folder: string, replace: (text: string) => string): UpstreamCredentials {
  const replaced = replaceTexts(entry, replace) as CredentialsEntry;
  return createUpstreamCredentials(replaced, {
    url,
    secretAt: (place) => (typeof place === 'string' ? fixedSecret(place) : fileSecret(resolve(folder, place.file))),
    signer: createAwsSigner(),
  });
}

function replaceTexts(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((element) => replaceTexts(element, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replaceTexts(member, replace)]));
}
