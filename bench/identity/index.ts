/**
 * `npm run bench:identity [-- --smoke]`: what it costs to know who is calling, in processor time of one request. Beside a
 * proof of DPoP stands the bare check of its signature, in the same round. Goal: all other checks of a proof together, with
 * the note that it was used, cost no more than its signature does.
 */
import { createHash, createPublicKey, randomUUID, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import { parseArgs } from 'node:util';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { createTokenAuthenticator, type AuthenticationInput, type Authenticator } from '../../lambda/identity';
import { conclude, figure, table } from '../report';

const ISSUER = 'https://login.example.com';
const RESOURCE = 'https://gateway.example.com/mcp/files';
const METADATA = 'https://gateway.example.com/.well-known/oauth-protected-resource/mcp/files';
const ROUNDS = 15;
const REQUESTS = 200;

/** One way to be somebody, measured round by round. */
interface Contender {
  readonly name: string;
  /** Makes what one round needs, outside the measurement. */
  prepare(): Promise<() => Promise<void> | void>;
  readonly micros: number[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } });
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' };
  const mint = (claims: Record<string, unknown>) =>
    new SignJWT({ client_id: 'editor', scope: 'mcp', jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'at+jwt' })
      .setIssuer(ISSUER).setSubject('alice').setAudience(RESOURCE).setIssuedAt().setExpirationTime('1h')
      .sign(privateKey);
  const authenticator = createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: { keys: [jwk] } }] });
  const bearer = inputOf({ authorization: `Bearer ${await mint({})}` });

  const contenders: Contender[] = [
    { name: 'bearer token, seen before', micros: [], prepare: async () => () => expectGood(authenticator, bearer) },
    {
      name: 'bearer token, new',
      micros: [],
      prepare: async () => each(await Promise.all(times(async () => inputOf({ authorization: `Bearer ${await mint({})}` }))), (input) => expectGood(authenticator, input)),
    },
    ...(await Promise.all(['ES256', 'EdDSA', 'RS256'].map((alg) => boundContenders(alg, mint, authenticator)))).flat(),
  ];
  for (let round = -2; round < (values.smoke ? 2 : ROUNDS); round++) {
    for (const { prepare, micros } of contenders) {
      const one = await prepare();
      const start = process.cpuUsage();
      for (let i = 0; i < REQUESTS; i++) await one();
      const { user, system } = process.cpuUsage(start);
      // The first rounds are for the compiler.
      if (round >= 0) micros.push((user + system) / REQUESTS);
    }
  }
  const medians = new Map(contenders.map(({ name, micros }) => [name, median(micros)]));
  console.log(table('Processor time of one request, microseconds', ['', 'median'], [...medians].map(([name, value]) => [name, figure(value)])));
  const goals = ['ES256', 'RS256'].map((alg) => ({
    name: `DPoP with ${alg}, against its bare signature`,
    value: medians.get(`DPoP, ${alg}`)! / medians.get(`bare signature, ${alg}`)!,
    limit: alg === 'ES256' ? 2 : 3,
    direction: 'at most' as const,
    unit: 'times',
  }));
  conclude({ bench: 'identity', goals, figures: Object.fromEntries(medians), smoke: values.smoke });
}

/** A proof for each request, and the signature of the same proofs alone. */
async function boundContenders(alg: string, mint: (claims: Record<string, unknown>) => Promise<string>, authenticator: Authenticator): Promise<Contender[]> {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  const jwk = await exportJWK(publicKey);
  const token = await mint({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
  const proofs = () => Promise.all(times(() => prove(token, alg, jwk, privateKey)));
  const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  return [
    { name: `bare signature, ${alg}`, micros: [], prepare: async () => each((await proofs()).map(partsOf), ({ signed, signature }) => expectSigned(key, alg, signed, signature)) },
    { name: `DPoP, ${alg}`, micros: [], prepare: async () => each((await proofs()).map((dpop) => inputOf({ authorization: `DPoP ${token}`, dpop })), (input) => expectGood(authenticator, input)) },
  ];
}

function prove(token: string, alg: string, jwk: JWK, key: CryptoKey): Promise<string> {
  const ath = createHash('sha256').update(token).digest('base64url');
  return new SignJWT({ htm: 'POST', htu: RESOURCE, jti: randomUUID(), ath }).setProtectedHeader({ alg, typ: 'dpop+jwt', jwk }).setIssuedAt().sign(key);
}

function inputOf(headers: Record<string, string>): AuthenticationInput {
  return { headers: new Headers(headers), method: 'POST', url: '/mcp/files', resource: RESOURCE, resourceMetadataUrl: METADATA, senderConstraint: 'optional' };
}

async function expectGood(authenticator: Authenticator, input: AuthenticationInput): Promise<void> {
  const result = await authenticator.authenticate(input);
  if (!result.ok) throw new Error(`refused: ${result.reason}`);
}

function expectSigned(key: KeyObject, alg: string, signed: Buffer, signature: Buffer): void {
  const isGood = alg === 'EdDSA' ? verify(null, signed, key, signature) : verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (!isGood) throw new Error('the signature is not good');
}

function partsOf(jws: string): { readonly signed: Buffer; readonly signature: Buffer } {
  const end = jws.lastIndexOf('.');
  return { signed: Buffer.from(jws.slice(0, end)), signature: Buffer.from(jws.slice(end + 1), 'base64url') };
}

function times<Made>(make: () => Promise<Made>): Promise<Made>[] {
  return Array.from({ length: REQUESTS }, make);
}

/** Does `use` with the next of `things` each time. */
function each<Thing>(things: readonly Thing[], use: (thing: Thing) => Promise<void> | void): () => Promise<void> | void {
  let next = 0;
  return () => use(things[next++]!);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 2;
});
