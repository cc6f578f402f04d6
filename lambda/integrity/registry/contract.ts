import type { JsonValue } from '../../protocol';
import type { DocumentStore } from '../../stores';
import type { ChangeLevel, Difference } from '../difference';
import type { ApprovalPolicy, ScanFinding, ScanResult, Step, ToolRecord } from '../life-cycle';
import type { ApprovalLog } from '../log';
import type { Pin } from '../pin';
import type { Subject } from '../subject';

/** Says what it finds in a definition. It runs wherever the definition is seen; a promise, where somebody else is asked too. */
export type Scan = (subject: Subject, definition: JsonValue) => ScanResult | Promise<ScanResult>;

/** A record as it is stored. */
export interface StoredRecord {
  readonly id: string;
  readonly revision: number;
  readonly record: ToolRecord;
}

/** One step that was taken, for whoever records or announces it. */
export interface StateChange extends Step {
  readonly subject: string;
  readonly revision: number;
}

/** A person's or program's decision. */
export interface Decision {
  /** Who decides. */
  readonly by: string;
  readonly why: string;
}

export interface ApprovalDecision extends Decision {
  /** The definition that was read. @default - the one that was seen last */
  readonly pin?: Pin;
  /** Overrules a scan that rejects. @default false */
  readonly despiteFindings?: boolean;
  /** Whose endorsements count, where the record is not to be believed on that. @default - all that it names */
  readonly endorsers?: readonly string[];
}

/** What a reviewer reads about a changed definition. */
export interface Review {
  readonly before?: Pin;
  readonly after: Pin;
  readonly level: ChangeLevel;
  readonly differences: readonly Difference[];
  /** Findings in the new definition that the approved one did not have. */
  readonly newFindings: readonly ScanFinding[];
}

/** A step that the life cycle does not allow, or that came too late. The message is one sentence. */
export class StepRefused extends Error {
  constructor(id: string, why: string) {
    super(`${id}: ${why}`);
    this.name = 'StepRefused';
  }
}

/** Every definition that a server ever offered, what was decided on it, and by whom (SC-2, MUL-10). */
export interface ToolRegistry {
  /**
   * Takes note of a definition that a server offers, and scans what is new. A changed one goes into quarantine.
   * @throws StepRefused for a subject whose id is longer than `MAX_SUBJECT_ID_BYTES`
   */
  observe(subject: Subject, definition: JsonValue, by: string): Promise<StoredRecord>;
  /**
   * Scans what is known again, with the detector of today. An approved definition that it rejects now, and did not before,
   * goes into quarantine (TV-4). @throws StepRefused for an unknown subject
   */
  rescan(id: string, by: string): Promise<StoredRecord>;
  /**
   * Approves the definition; where it needs two people, the first is kept as an endorsement. Renews an approval that holds.
   * Scans it once more: a record that somebody rewrote makes no approval easier.
   * @throws StepRefused, RevisionConflict where somebody else decided at the same time
   */
  approve(id: string, decision: ApprovalDecision): Promise<StoredRecord>;
  /** @throws StepRefused, RevisionConflict */
  reject(id: string, decision: Decision): Promise<StoredRecord>;
  /** Stops a subject from being served, whatever is decided on it at the same time. @throws StepRefused */
  quarantine(id: string, decision: Decision): Promise<StoredRecord>;
  /**
   * Takes a quarantine back that the decision `decidedBy` brought and that was a mistake: the approval that stood before holds
   * again, for as long as it would have. One person is enough, because nothing new is approved: the definition is the one in
   * the signed log, nobody but `decidedBy` stopped it, and a scan of today does not reject it.
   * @throws StepRefused, RevisionConflict
   */
  reinstate(id: string, decidedBy: string, decision: Decision): Promise<StoredRecord>;
  /** Like `quarantine`, and no approval brings this definition back. @throws StepRefused */
  revoke(id: string, decision: Decision): Promise<StoredRecord>;
  /**
   * Puts into the log what the record says already: that nothing of the subject is served. For whoever has the key, after
   * somebody without it took the step. Answers whether there was anything to put there.
   */
  publishWithdrawal(id: string): Promise<boolean>;
  list(): Promise<readonly StoredRecord[]>;
  /** Which records were about to get which revision since `time`, milliseconds since the epoch, by the writers' clocks. */
  changedSince(time: number): Promise<readonly { readonly id: string; readonly revision: number }[]>;
  find(id: string): Promise<StoredRecord | undefined>;
  /** The definition with this pin. @throws Error where what is stored has another pin */
  definition(pin: Pin): Promise<JsonValue | undefined>;
  /** All steps, the oldest first. */
  history(id: string): Promise<readonly Step[]>;
  /** What is to be read before an approval. @throws StepRefused for an unknown subject */
  review(id: string): Promise<Review>;
}

export interface ToolRegistryOptions {
  readonly store: DocumentStore;
  readonly log: ApprovalLog;
  readonly scan: Scan;
  readonly policy?: ApprovalPolicy;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  readonly onChange?: (change: StateChange) => void;
}
