import type { Pin } from '../integrity';

/** What a workflow that waits for people is told. */
export type TaskOutcome =
  | { readonly kind: 'approve'; readonly by: string; readonly why: string; readonly pin: Pin; readonly despiteFindings: boolean }
  /** A quarantine that the decision `decidedBy` brought was a mistake. */
  | { readonly kind: 'reinstate'; readonly by: string; readonly why: string; readonly decidedBy: string }
  | { readonly kind: 'reject'; readonly by: string; readonly why: string }
  /** There is nothing to decide any more, or another workflow waits for the same. */
  | { readonly kind: 'superseded' };

/** A definition that people have to decide on: the input of a review, and, among other members, the detail of a state change. */
export interface ReviewInput {
  readonly subject: string;
  readonly pin: Pin;
}

/** The workflows of a registry, whatever runs them. */
export interface Workflows {
  /** Lets a waiting workflow go on. Answers false where it does not wait any more. */
  complete(taskToken: string, outcome: TaskOutcome): Promise<boolean>;
  /** Whether the execution is still under way. */
  isRunning(execution: string): Promise<boolean>;
  startReview(input: ReviewInput): Promise<void>;
  /** Asks all servers again. */
  startDiscovery(): Promise<void>;
}
