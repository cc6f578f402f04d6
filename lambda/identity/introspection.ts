import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Outbound } from '../outbound';
import { createClientAuthenticator, type ClientAuthentication } from './client-authentication';
import { discoverIssuer } from './discovery';
import { TokenRefused } from './failure';

/** How an issuer is asked about tokens that say nothing by themselves (RFC 7662). */
export interface IntrospectionOptions {
  /** @default - as the issuer's metadata says (`introspection_endpoint`) */
  readonly endpoint?: URL;
  /** Who we are to the issuer. */
  readonly client: ClientAuthentication;
  /** How long an answer is believed, seconds, 0 to 300: a token that is revoked works for so much longer. @default 30 */
  readonly cacheSeconds?: number;
}

/** The issuer cannot be asked now. */
export class IntrospectionUnavailable extends Error {
  constructor(cause?: unknown) {
    super('The issuer cannot be asked about the token', { cause });
    this.name = 'IntrospectionUnavailable';
  }
}

/** A token that is not active stays so; the issuer is not asked about it again for this long, seconds. */
const NOT_ACTIVE_SECONDS = 10;
const MAX_ANSWERS = 10_000;
const MAX_ENDPOINT_AGE_MS = 3_600_000;

type Answer = JWTPayload | 'not_active';

/** What the issuer said, and until when that is to be believed, milliseconds since the epoch. */
export interface IntrospectedToken {
  readonly claims: JWTPayload;
  readonly believedUntil: number;
}

/**
 * Asks the issuer about opaque tokens. Answers are kept shortly, by a digest of the token; simultaneous requests with one
 * token ask once.
 *
 * @returns given a token that is active, its claims
 * @throws TokenRefused, IntrospectionUnavailable
 */
export function createIntrospector(issuer: string, options: IntrospectionOptions, outbound: Outbound, clock: () => number): (token: string) => Promise<IntrospectedToken> {
  const authenticate = createClientAuthenticator(options.client, clock);
  const cacheMs = (options.cacheSeconds ?? 30) * 1000;
  const answers = new LRUCache<string, { readonly answer: Answer; readonly until: number }>({ max: MAX_ANSWERS });
  const pending = new Map<string, Promise<Answer>>();
  let discovered: { readonly endpoint: URL; readonly at: number } | undefined;

  async function endpoint(): Promise<URL> {
    if (options.endpoint !== undefined) return options.endpoint;
    if (discovered === undefined || clock() - discovered.at > MAX_ENDPOINT_AGE_MS) {
      const { introspectionEndpoint } = await discoverIssuer(issuer, outbound);
      if (introspectionEndpoint === undefined) throw new Error('The metadata of the issuer names no introspection endpoint');
      discovered = { endpoint: introspectionEndpoint, at: clock() };
    }
    return discovered.endpoint;
  }

  async function ask(token: string): Promise<Answer> {
    const { headers, parameters } = await authenticate(issuer);
    const { status, body } = await outbound(await endpoint(), {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...parameters, token, token_type_hint: 'access_token' }).toString(),
    });
    if (status !== 200) throw new Error(`The introspection endpoint answered with status ${status}, expected 200`);
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) throw new Error('The introspection endpoint answered with what is not an object');
    const claims = answer as JWTPayload & { readonly active?: unknown };
    return claims.active === true ? claims : 'not_active';
  }

  async function answerOn(token: string): Promise<{ readonly answer: Answer; readonly until: number }> {
    const key = hash('sha256', token, 'base64');
    const known = answers.get(key);
    if (known !== undefined && clock() < known.until) return known;
    let asked = pending.get(key);
    if (asked === undefined) {
      asked = ask(token).finally(() => pending.delete(key));
      pending.set(key, asked);
    }
    const answer = await asked;
    const keepMs = answer === 'not_active' ? NOT_ACTIVE_SECONDS * 1000 : cacheMs;
    const kept = { answer, until: clock() + keepMs };
    answers.set(key, kept);
    return kept;
  }

  return async (token) => {
    const { answer, until } = await answerOn(token).catch((error: unknown) => {
      throw new IntrospectionUnavailable(error);
    });
    if (answer === 'not_active') throw new TokenRefused('not_active');
    if (answer.iss !== undefined && answer.iss !== issuer) throw new TokenRefused('unknown_issuer');
    return { claims: answer, believedUntil: until };
  };
}
