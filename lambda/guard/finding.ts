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
