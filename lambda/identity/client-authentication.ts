import { createPrivateKey, randomUUID, type JsonWebKey, type KeyObject } from 'node:crypto';
import { SignJWT, type JWK } from 'jose';

/** A secret, or where to get it: then it is read each time, so that a rotation takes effect. */
export type SecretText = string | (() => Promise<string>);

/** How we show an authorization server who we are, where we are its client (RFC 6749 section 2.3, RFC 7523). */
export type ClientAuthentication =
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly clientId: string; readonly secret: SecretText }
  | {
      readonly method: 'private_key_jwt';
      readonly clientId: string;
      /** PEM (PKCS 8) or JWK, as text. */
      readonly key: SecretText;
      /** `kid` of the key, as the authorization server knows it. @default - the `kid` of a JWK; none for PEM */
      readonly keyId?: string;
      /** @default - by the key: ES256, ES384, ES512, EdDSA or PS256 */
      readonly algorithm?: string;
    };

/** What a request to the authorization server carries beside its own parameters. */
export interface ClientCredentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ASSERTION_SECONDS = 60;

/**
 * Authenticates our requests to an authorization server. An assertion is made for each request and is good for a minute.
 *
 * @param clock milliseconds since the epoch
 * @returns given the audience of assertions, which is the issuer where it is known
 */
export function createClientAuthenticator(client: ClientAuthentication, clock: () => number): (audience: string) => Promise<ClientCredentials> {
  if (client.method !== 'private_key_jwt') return () => withSecret(client);
  let imported: { readonly text: string; readonly key: SigningKey } | undefined;
  return async (audience) => {
    const text = await readSecret(client.key);
    if (imported?.text !== text) imported = { text, key: readKey(text) };
    const { key, kid, algorithm } = imported.key;
    const keyId = client.keyId ?? kid;
    const now = Math.floor(clock() / 1000);
    const assertion = await new SignJWT()
      .setProtectedHeader({ alg: client.algorithm ?? algorithm, typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) })
      .setIssuer(client.clientId)
      .setSubject(client.clientId)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + ASSERTION_SECONDS)
      .sign(key);
    return { headers: {}, parameters: { client_id: client.clientId, client_assertion_type: ASSERTION_TYPE, client_assertion: assertion } };
  };
}

function readSecret(secret: SecretText): Promise<string> {
  return typeof secret === 'string' ? Promise.resolve(secret) : secret();
}

async function withSecret(client: Exclude<ClientAuthentication, { method: 'private_key_jwt' }>): Promise<ClientCredentials> {
  const { clientId } = client;
  const secret = await readSecret(client.secret);
  if (client.method === 'client_secret_post') return { headers: {}, parameters: { client_id: clientId, client_secret: secret } };
  const pair = `${formEncoded(clientId)}:${formEncoded(secret)}`;
  return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, parameters: {} };
}

/** RFC 6749 section 2.3.1: both are form-encoded before they are joined. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

interface SigningKey {
  readonly key: KeyObject;
  readonly kid?: string;
  readonly algorithm: string;
}

const EC_ALGORITHM: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

/** @throws TypeError that says nothing of the key */
function readKey(text: string): SigningKey {
  const fault = new TypeError('The private key of the gateway as a client cannot be read, expected PEM (PKCS 8) or JWK');
  try {
    const jwk = text.trimStart().startsWith('{') ? (JSON.parse(text) as JWK) : undefined;
    const key = jwk === undefined ? createPrivateKey(text) : createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' });
    const type = key.asymmetricKeyType;
    const algorithm = type === 'ec' ? EC_ALGORITHM[key.asymmetricKeyDetails?.namedCurve ?? ''] : type === 'ed25519' ? 'EdDSA' : type === 'rsa' ? 'PS256' : undefined;
    if (algorithm === undefined) throw fault;
    return { key, kid: jwk?.kid, algorithm };
  } catch {
    throw fault;
  }
}
