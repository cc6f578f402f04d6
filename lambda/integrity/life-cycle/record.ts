import type { Pin } from '../pin';
import type { Subject } from '../subject';

/**
 * Where a definition is on its way to a model: `discovered` (seen), `scanned` (the detector has spoken), `review` (waits for
 * people), `approved`, `quarantined` (was changed or is under suspicion: not served until people decide), `revoked` (refused
 * for good, unless the server offers another definition).
 */
export type LifeCycleState = 'discovered' | 'scanned' | 'review' | 'approved' | 'quarantined' | 'revoked';

/** What a scan found in a definition. */
export interface ScanResult {
  readonly verdict: 'approve' | 'review' | 'reject';
  /** 0 to 1. */
  readonly score: number;
  readonly findings: readonly ScanFinding[];
}

export interface ScanFinding {
  readonly ruleId: string;
  readonly severity: 'info' | 'low' | 'medium' | 'high' | 'critical';
  /** JSON Pointer of the text. */
  readonly pointer: string;
  /** UTF-16 span in the original text. */
  readonly start: number;
  readonly end: number;
  readonly sentence: string;
}

/** One person's word for a definition. */
export interface Endorsement {
  readonly pin: Pin;
  readonly by: string;
  readonly at: string;
  readonly why: string;
}

/** What was approved last. Whether it holds is the approval log's to say, not this record's. */
export interface Approval {
  readonly pin: Pin;
  /** Version of the definition (ETDI). */
  readonly version: string;
  /** Revision of the record that approved it. */
  readonly revision: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly expiresAt: string;
  readonly by: readonly string[];
}

export type StepAction = 'discover' | 'change' | 'scan' | 'submit' | 'endorse' | 'approve' | 'reject' | 'quarantine' | 'reinstate' | 'revoke';

/** One step of the life cycle: who, when, why (LOG-1: tool registration and updates). */
export interface Step {
  readonly action: StepAction;
  readonly from?: LifeCycleState;
  readonly to: LifeCycleState;
  readonly pin: Pin;
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly why: string;
}

/** What is known of one subject. */
export interface ToolRecord {
  readonly subject: Subject;
  readonly state: LifeCycleState;
  /** The definition that was seen last and is decided on. */
  readonly pin: Pin;
  /** Needs two people (MUL-10). */
  readonly sensitive: boolean;
  /** Of `pin`. @default - not scanned yet */
  readonly scan?: ScanResult;
  /** By people who are not enough yet. */
  readonly endorsements: readonly Endorsement[];
  /** Pin of the definition without its name: a tool that is renamed or offered by another server keeps it. */
  readonly body?: Pin;
  /** Ids of subjects that had the same definition, but for name or server, when this one was seen first; 20 at most. */
  readonly resembles?: readonly string[];
  /** @default - never approved */
  readonly approval?: Approval;
  /** What led from the record before to this one. */
  readonly steps: readonly Step[];
}
