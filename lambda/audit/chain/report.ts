import type { KeyObject } from 'node:crypto';
import type { RememberedCheckpoint } from './checkpoint-memory';

/** What was done to the file, and where. */
export interface ChainProblem {
  readonly kind: 'changed' | 'removed' | 'inserted' | 'reordered' | 'truncated' | 'forged';
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface ChainReport {
  readonly file: string;
  readonly entries: number;
  readonly writers: readonly string[];
  readonly checkpoints: number;
  readonly problems: readonly ChainProblem[];
  /** What is no sign of tampering and good to know: a writer that ended within a line, entries that no checkpoint covers yet. */
  readonly notes: readonly string[];
}

export interface VerifyChainOptions {
  /** Public keys, ECDSA P-256; several, while a key is replaced. Without any, signatures are not checked. */
  readonly keys: readonly KeyObject[];
  /** The newest checkpoints that were kept apart. @default - none: a missing end of a file is not found */
  readonly remembered?: readonly RememberedCheckpoint[];
}
