import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '../../protocol';
import { RevisionConflict, type Document, type DocumentStore } from '../../stores';
import { Frontier, rootOf } from '../merkle';
import type { HeadMemory } from './head-memory';
import { asStatement, statementHash, type Statement } from './statement';
import { asSignedTreeHead, signHead, type HeadSigner, type SignedTreeHead, type VerifyHead } from './tree-head';

/** Why the log is not believed. Nothing is served on its word then. */
export class LogNotTrusted extends Error {
  constructor(
    readonly reason: 'rollback' | 'split' | 'forged',
    message: string,
  ) {
    super(message);
    this.name = 'LogNotTrusted';
  }
}

/** The append-only log of approvals, as far as this instance has read and verified it. */
export interface ApprovalLog {
  /** The newest head that was verified; `undefined` for a log without leaves. */
  readonly head: SignedTreeHead | undefined;
  /** Whether this instance has a key to sign with. */
  readonly canSign: boolean;
  /** Hashes of the leaves, for proofs. */
  readonly leaves: readonly Buffer[];
  /** For each subject the statement of the highest revision. */
  statementOf(subject: string): Statement | undefined;
  /**
   * Reads what is new, and verifies all of it under the newest head.
   * @throws LogNotTrusted for a head that is older than one seen, of another history, or not signed by a trusted key
   */
  sync(): Promise<void>;
  /**
   * Appends a leaf and signs the new head; where another instance was faster, after its leaf.
   * @throws LogNotTrusted like `sync`
   */
  append(statement: Statement): Promise<SignedTreeHead>;
}

export interface ApprovalLogOptions {
  readonly store: DocumentStore;
  readonly verify: VerifyHead;
  /** Where this instance may sign. @default - it can only read */
  readonly signer?: HeadSigner;
  /** @default - the newest head is remembered as long as the process lives */
  readonly memory?: HeadMemory;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** One document for each leaf, with the head that was signed over it and all before it: both come into being in one write. */
const COLLECTION = 'log';
/** Keeps the order of ids that of numbers. */
const ID_DIGITS = 12;
const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 500;

export function createApprovalLog({ store, verify, signer, memory, clock = Date.now }: ApprovalLogOptions): ApprovalLog {
  const leaves: Buffer[] = [];
  const newest = new Map<string, Statement>();
  let frontier = new Frontier();
  let head: SignedTreeHead | undefined;
  let remembered = memory?.load();
  let reading: Promise<void> | undefined;
  let appending: Promise<unknown> = Promise.resolve();

  async function readNew(): Promise<void> {
    // The last known entry is read again: where it is gone or another, the log was rolled back or rewritten.
    const after = leaves.length < 2 ? undefined : idOf(leaves.length - 2);
    const entries = (await store.list(COLLECTION, { after })).map(entryOf);
    const known = leaves.length === 0 ? undefined : entries.shift();
    if (head !== undefined && known === undefined) throw new LogNotTrusted('rollback', 'the approval log is shorter than it was');
    if (head !== undefined && known?.head.root !== head.root) throw new LogNotTrusted('split', 'the approval log has another history than before');
    if (entries.length > 0 || head === undefined) take(entries);
  }

  /** Takes entries over, all or none. */
  function take(entries: readonly Entry[]): void {
    const hashes = entries.map(({ statement }) => statementHash(statement));
    const last = entries.at(-1);
    const grown = frontier.copy();
    for (const hash of hashes) grown.append(hash);
    if (last !== undefined) {
      if (last.head.size !== grown.size || last.head.root !== grown.root().toString('hex')) throw new LogNotTrusted('forged', 'the approval log does not have the root that its head names');
      if (!verify(last.head)) throw new LogNotTrusted('forged', 'the head of the approval log is not signed with a trusted key');
    }
    if (remembered !== undefined) {
      if (grown.size < remembered.size) throw new LogNotTrusted('rollback', `the approval log has ${grown.size} entries, ${remembered.size} were seen before`);
      const then = rootOf([...leaves, ...hashes], remembered.size).toString('hex');
      if (then !== remembered.root) throw new LogNotTrusted('split', 'the approval log has another history than was seen before');
      remembered = undefined;
    }
    if (last === undefined) return;
    frontier = grown;
    leaves.push(...hashes);
    for (const { statement } of entries) {
      if ((newest.get(statement.subject)?.revision ?? 0) < statement.revision) newest.set(statement.subject, statement);
    }
    head = last.head;
    memory?.save(last.head);
  }

  function sync(): Promise<void> {
    reading ??= readNew().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function append(statement: Statement, key: HeadSigner): Promise<SignedTreeHead> {
    const hash = statementHash(statement);
    for (let patience = FIRST_PAUSE_MS; ; patience = Math.min(patience * 2, MAX_PAUSE_MS)) {
      await sync();
      const index = leaves.length;
      const grown = frontier.copy();
      grown.append(hash);
      const signed = await signHead({ size: grown.size, root: grown.root().toString('hex'), at: new Date(clock()).toISOString() }, key);
      try {
        await store.put(COLLECTION, idOf(index), { statement: statement as unknown as JsonObject, head: signed as unknown as JsonObject }, 0);
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw error;
        await pause(Math.random() * patience);
        continue;
      }
      await sync();
      return signed;
    }
  }

  return {
    get head() {
      return head;
    },
    canSign: signer !== undefined,
    leaves,
    statementOf: (subject) => newest.get(subject),
    sync,
    append(statement) {
      if (signer === undefined) return Promise.reject(new Error('this instance has no key to sign approvals with'));
      // One at a time within an instance: only other instances can be in the way.
      const appended = appending.then(() => append(statement, signer));
      appending = appended.catch(() => undefined);
      return appended;
    },
  };
}

interface Entry {
  readonly statement: Statement;
  readonly head: SignedTreeHead;
}

function entryOf({ id, value }: Document): Entry {
  try {
    const entry = { statement: asStatement(value.statement as JsonObject), head: asSignedTreeHead(value.head as JsonObject) };
    if (idOf(entry.head.size - 1) === id) return entry;
  } catch {
    // Said below.
  }
  throw new LogNotTrusted('forged', 'an entry of the approval log is not one that was signed');
}

function idOf(index: number): string {
  return String(index).padStart(ID_DIGITS, '0');
}
