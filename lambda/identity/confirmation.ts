import type { JWTPayload } from 'jose';
import { TokenRefused } from './failure';

/** The key that a token is bound to (RFC 7800): whoever presents the token has to show that they hold it. */
export interface Confirmation {
  /** Thumbprint of a DPoP key, `jkt` (RFC 9449 section 6.1). */
  readonly thumbprint?: string;
  /** Thumbprint of a client certificate, `x5t#S256` (RFC 8705 section 3.1). */
  readonly certificate?: string;
}

const MEMBERS: readonly string[] = ['jkt', 'x5t#S256'];
/** SHA-256 in base64url. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

/**
 * The binding of a token, or `undefined` where it has none and is good in anybody's hands.
 * @throws TokenRefused when it is bound in a way that cannot be checked here
 */
export function confirmationOf({ cnf }: JWTPayload): Confirmation | undefined {
  if (cnf === undefined) return undefined;
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) throw new TokenRefused('unknown_binding');
  const entries = Object.entries(cnf);
  const isUnderstood = entries.length > 0 && entries.every(([name, value]) => MEMBERS.includes(name) && typeof value === 'string' && THUMBPRINT.test(value));
  if (!isUnderstood) throw new TokenRefused('unknown_binding');
  const members = cnf as Readonly<Record<string, string | undefined>>;
  return { thumbprint: members.jkt, certificate: members['x5t#S256'] };
}
