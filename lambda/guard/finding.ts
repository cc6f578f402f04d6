/** What was done about something that a guard found. */
export type FindingAction = 'allowed' | 'annotated' | 'redacted' | 'blocked' | 'risk';

/** Something that a guard found in a call: for the audit trail, for events and metrics. Never holds the datum itself. */
export interface GuardFinding {
  readonly direction: 'in' | 'out';
  /** A data class (`secret`, `payment`...), or `instructions`, `markup`, `internals`, `type`, `size`, `schema`, `argument`, `dlp`, `purpose`, `failure`. */
  readonly category: string;
  /** Recogniser, rule or reason. */
  readonly id: string;
  readonly action: FindingAction;
  /** JSON Pointer into the arguments, the result, or the error. */
  readonly pointer: string;
  readonly count: number;
}

/** As a note of the audit event: `guard:out secret/aws-access-key-id redacted at /content/0/text`. */
export function noteOf({ direction, category, id, action, pointer, count }: GuardFinding): string {
  return `guard:${direction} ${category}/${id} ${action}${pointer === '' ? '' : ` at ${pointer}`}${count > 1 ? ` x${count}` : ''}`;
}

/** How much of the way to a certain attack a finding is that raises the risk: orders to a model in arguments are most of it. */
const SHARES: Readonly<Record<string, number>> = { instructions: 0.8, purpose: 0.3 };

/** The risk that findings with the action `risk` make together, 0 to 100 (CV-2). */
export function riskOf(findings: readonly GuardFinding[]): number {
  let trust = 1;
  for (const { action, category } of findings) if (action === 'risk') trust *= 1 - (SHARES[category] ?? 0);
  return Math.round(100 * (1 - trust));
}
