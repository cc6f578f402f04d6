import { canonicalJson, type JsonObject } from '../../protocol';
import { leafHash } from '../merkle';
import { asPin, type Pin } from '../pin';

/** A leaf of the approval log: that a definition may be served, or that nothing of a subject may. The highest revision holds. */
export type Statement = ApprovedStatement | WithdrawnStatement;

interface StatementBase {
  /** `subjectId` of what it is about. */
  readonly subject: string;
  /** Revision of the subject's record that it belongs to. */
  readonly revision: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: readonly string[];
}

export interface ApprovedStatement extends StatementBase {
  readonly kind: 'approved';
  readonly pin: Pin;
  /** Version of the definition (ETDI). */
  readonly version: string;
  /** ISO 8601, UTC: from then on it needs recertification (TV-4). */
  readonly expiresAt: string;
}

export interface WithdrawnStatement extends StatementBase {
  readonly kind: 'withdrawn';
}

/** Hash of the leaf: RFC 6962 over the RFC 8785 form. */
export function statementHash(statement: Statement): Buffer {
  return leafHash(canonicalJson(statement as unknown as JsonObject));
}

/** @throws TypeError where `value` is not a statement */
export function asStatement(value: JsonObject): Statement {
  const { kind, subject, revision, at, by, pin, version, expiresAt } = value;
  const isBase = typeof subject === 'string' && Number.isSafeInteger(revision) && typeof at === 'string' && Array.isArray(by);
  if (isBase && kind === 'withdrawn') return value as unknown as WithdrawnStatement;
  if (isBase && kind === 'approved' && typeof pin === 'string' && typeof version === 'string' && typeof expiresAt === 'string' && !Number.isNaN(Date.parse(expiresAt))) {
    asPin(pin);
    return value as unknown as ApprovedStatement;
  }
  throw new TypeError('a leaf of the approval log is not a statement');
}
