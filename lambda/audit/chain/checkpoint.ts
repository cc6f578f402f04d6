import { sign, verify, type KeyObject } from 'node:crypto';
import { linkedLine, type Link } from './entry';

/** What a writer signs of its own entries and of the file, as an entry of its own. */
export interface Checkpoint {
  readonly kind: 'checkpoint';
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Whether the writer has closed the file: no entry of it comes after. */
  readonly final: boolean;
  /** The bytes of the file that the digest is of, everybody's entries among them: from the writer's checkpoint before. */
  readonly from: number;
  readonly to: number;
  /** SHA-256, hexadecimal. */
  readonly sha256: string;
}

/** ES256 (RFC 7518 section 3.4): ECDSA P-256 with SHA-256, `r` and `s` one after the other. */
const ES256 = { dsaEncoding: 'ieee-p1363' } as const;

/** The link is part of what is signed, and by `prev` so are all entries before. */
export function signedLine(link: Link, checkpoint: Checkpoint, key: KeyObject): string {
  const unsigned = linkedLine(link, JSON.stringify(checkpoint));
  const signature = sign('sha256', Buffer.from(unsigned), { key, ...ES256 }).toString('base64url');
  return `${unsigned.slice(0, -1)},"signature":"${signature}"}`;
}

const SIGNATURE = /,"signature":"([A-Za-z0-9_-]{86})"\}$/;

export function isSignedBy(line: string, key: KeyObject): boolean {
  const match = SIGNATURE.exec(line);
  if (match === null) return false;
  return verify('sha256', Buffer.from(`${line.slice(0, match.index)}}`), { key, ...ES256 }, Buffer.from(match[1] ?? '', 'base64url'));
}

/** @throws TypeError where `value` is no checkpoint */
export function asCheckpoint(value: Readonly<Record<string, unknown>>): Checkpoint {
  const { time, final, from, to, sha256 } = value;
  if (typeof time !== 'string' || typeof final !== 'boolean' || !isOffset(from) || !isOffset(to) || from > to || typeof sha256 !== 'string') throw new TypeError('expected a checkpoint');
  return { kind: 'checkpoint', time, final, from, to, sha256 };
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
