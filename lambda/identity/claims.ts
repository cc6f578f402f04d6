import type { JWTPayload } from 'jose';
import { TokenRefused } from './failure';
import { principalId } from './principal';
import type { Principal, TokenAuthentication, TokenCircumstances, ToolAuthorization } from './principal';
import type { TrustedIssuer } from './trusted-issuer';

const MAX_NAME_LENGTH = 512;
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** What was found out about a token besides its claims. */
export interface TokenFindings {
  /** How its holder presents it. */
  readonly method: TokenAuthentication['method'];
  readonly tools: readonly ToolAuthorization[] | undefined;
}

/**
 * The principal that the claims of a verified token describe.
 * @throws TokenRefused when they do not describe exactly one
 */
export function principalFromClaims(claims: JWTPayload, issuer: TrustedIssuer, { method, tools }: TokenFindings): Principal {
  const prefix = issuer.subjectPrefix ?? '';
  return Object.freeze({
    type: isClientItself(claims) ? 'Agent' : 'User',
    id: principalId(prefix + readableName(claims.sub)),
    groups: Object.freeze(groupsOf(claims, issuer.groupsClaim ?? 'groups').map((group) => prefix + group)),
    scopes: Object.freeze(scopesOf(claims)),
    issuer: issuer.issuer,
    authentication: authenticationOf(claims, method),
    tools: tools && Object.freeze([...tools]),
    circumstances: circumstancesOf(claims, issuer.circumstanceClaims),
  });
}

function authenticationOf({ acr, auth_time: authTime, exp }: JWTPayload, method: TokenAuthentication['method']): TokenAuthentication {
  if (acr !== undefined) readableName(acr);
  if (authTime !== undefined && !(typeof authTime === 'number' && Number.isFinite(authTime))) throw new TokenRefused('malformed_claim');
  return Object.freeze({
    method,
    senderConstrained: method !== 'bearer',
    ...(acr === undefined ? {} : { acr: acr as string }),
    ...(authTime === undefined ? {} : { authTime }),
    ...(exp === undefined ? {} : { expiresAt: exp * 1000 }),
  });
}

function circumstancesOf(claims: JWTPayload, names: TrustedIssuer['circumstanceClaims']): TokenCircumstances | undefined {
  if (names === undefined) return undefined;
  const claim = (name: string | undefined) => (name !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined);
  const purpose = claim(names.purpose);
  const risk = claim(names.risk);
  const trusted = claim(names.deviceTrusted);
  if (risk !== undefined && !(typeof risk === 'number' && risk >= 0 && risk <= 100)) throw new TokenRefused('malformed_claim');
  if (trusted !== undefined && typeof trusted !== 'boolean') throw new TokenRefused('malformed_claim');
  return Object.freeze({
    ...(purpose === undefined ? {} : { purpose: readableName(purpose) }),
    ...(risk === undefined ? {} : { risk }),
    ...(trusted === undefined ? {} : { device: { trusted } }),
  });
}

/**
 * Whether a client acts on its own behalf, without a person. RFC 9068 section 2.2: then `sub` is the client's id
 * (`client_id`; Okta `cid`; `azp`). Entra ID says `idtyp: app`, or gives object id and subject the same value; Auth0
 * says `gty: client-credentials`. Where an issuer says none of it, the caller counts as a person.
 */
function isClientItself(claims: JWTPayload): boolean {
  const { sub } = claims;
  if (sub === claims.client_id || sub === claims.cid || sub === claims.azp || sub === claims.appid) return true;
  if (claims.idtyp !== undefined) return claims.idtyp === 'app';
  if (claims.gty === 'client-credentials') return true;
  return sub === claims.oid && (claims.azp !== undefined || claims.appid !== undefined);
}

/**
 * Whether the claims of a token whose header does not say so show that it is an access token: an ID token of the same
 * issuer can have the same audience. Cognito says `token_use`, Keycloak `typ`.
 */
export function showsAccessToken(claims: JWTPayload): boolean {
  if (claims.token_use !== undefined) return claims.token_use === 'access';
  if (claims.typ !== undefined) return claims.typ === 'Bearer';
  if (OTHER_TOKENS_CLAIMS.some((name) => name in claims)) return false;
  return ACCESS_TOKEN_CLAIMS.some((name) => name in claims);
}

/** Of ID tokens (OpenID Connect Core) and of logout and security event tokens (RFC 8417). */
const OTHER_TOKENS_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];
const ACCESS_TOKEN_CLAIMS = ['scope', 'scp', 'client_id', 'cid', 'appid', 'azpacr', 'idtyp', 'gty'];

function groupsOf(claims: JWTPayload, claim: string): string[] {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (value === undefined) {
    // Entra ID leaves out groups when there are many; a policy that forbids a group would then not apply.
    const elsewhere = claims._claim_names;
    const named = typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, claim);
    if (named || claims.hasgroups === true) throw new TokenRefused('groups_left_out');
    return [];
  }
  if (!Array.isArray(value)) throw new TokenRefused('malformed_claim');
  return value.map(readableName);
}

/** `scope` of RFC 8693 and 9068, or `scp` of Entra ID (a string) and Okta (a list). */
function scopesOf(claims: JWTPayload): string[] {
  const value = claims.scope ?? claims.scp ?? '';
  if (typeof value === 'string') return value.split(' ').filter((scope) => scope !== '');
  if (Array.isArray(value) && value.every((scope) => typeof scope === 'string')) return [...value];
  throw new TokenRefused('malformed_claim');
}

function readableName(value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH && !UNPRINTABLE.test(value)) return value;
  throw new TokenRefused('malformed_claim');
}
