import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '../../protocol';
import { RevisionConflict, type Document, type DocumentStore } from '../../stores';
import { Frontier, rootOf } from '../merkle';
import type { HeadMemory } from './head-memory';
import { asStatement, statementHash, type ApprovedStatement, type Statement } from './statement';
import { asSignedTreeHead, signHead, type HeadSigner, type SignedTreeHead, type VerifyHead } from './tree-head';

/** Why the log is not believed. Nothing is served on its word then. */
export class LogNotTrusted extends Error {
  constructor(
    readonly reason: 'rollback' | 'split' | 'forged' | 'stale',
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
  /** For each subject its approval of the highest revision, whether or not it was withdrawn since. */
  approvalOf(subject: string): ApprovedStatement | undefined;
  /**
   * Reads what is new, and verifies all of it under the newest head.
   * @throws LogNotTrusted for a head that is older than one seen, of another history, not signed by a trusted key, or,
   * where heads are renewed, signed too long ago
   */
  sync(): Promise<void>;
  /**
   * Appends a leaf and signs the new head; where another instance was faster, after its leaf.
   * @throws LogNotTrusted like `sync`
   */
  append(statement: Statement): Promise<SignedTreeHead>;
  /**
   * Signs the present head once more, so that whoever reads it knows that it is the newest. Nothing for an empty log.
   * @throws LogNotTrusted like `sync`
   */
  renew(): Promise<SignedTreeHead | undefined>;
}

export interface ApprovalLogOptions {
  readonly store: DocumentStore;
  readonly verify: VerifyHead;
  /** Where this instance may sign. @default - it can only read */
  readonly signer?: HeadSigner;
  /** @default - the newest head is remembered as long as the process lives */
  readonly memory?: HeadMemory;
  /**
   * How long after its signature a head is believed, milliseconds: a store that shows an old state for ever is found out
   * (freeze). Only where the signer renews heads more often than that. @default - a head does not grow too old
   */
  readonly maxHeadAgeMs?: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** One document for each leaf, with the head that was signed over it and all before it: both come into being in one write. */
const COLLECTION = 'log';
/** The head that was renewed last: one document, replaced each time. */
const RENEWED = { collection: 'heads', id: 'newest' } as const;
/** Keeps the order of ids that of numbers. */
const ID_DIGITS = 12;
const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 500;

export function createApprovalLog({ store, verify, signer, memory, maxHeadAgeMs = Infinity, clock = Date.now }: ApprovalLogOptions): ApprovalLog {
  const leaves: Buffer[] = [];
  const newest = new Map<string, Statement>();
  const approvals = new Map<string, ApprovedStatement>();
  let frontier = new Frontier();
  let head: SignedTreeHead | undefined;
  /** When it was last said, with a signature, that nothing newer exists. */
  let vouchedAt = -Infinity;
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
      if (statement.kind === 'approved' && (approvals.get(statement.subject)?.revision ?? 0) < statement.revision) approvals.set(statement.subject, statement);
    }
    head = last.head;
    vouchedAt = Math.max(vouchedAt, Date.parse(last.head.at));
    memory?.save(last.head);
  }

  /** The renewed head is read only when what is known grows old. */
  async function assertFresh(): Promise<void> {
    if (head === undefined || clock() - vouchedAt <= maxHeadAgeMs / 2) return;
    const renewed = await readRenewed();
    if (renewed !== undefined) vouchedAt = Math.max(vouchedAt, Date.parse(renewed.at));
    if (clock() - vouchedAt > maxHeadAgeMs) throw new LogNotTrusted('stale', `the head of the approval log was signed at ${new Date(vouchedAt).toISOString()} and not renewed since`);
  }

  async function readRenewed(): Promise<SignedTreeHead | undefined> {
    const document = await store.get(RENEWED.collection, RENEWED.id);
    if (document === undefined) return undefined;
    const renewed = renewedHeadOf(document);
    if (!verify(renewed)) throw new LogNotTrusted('forged', 'the renewed head of the approval log is not signed with a trusted key');
    // A leaf may have come after the log was read and before the head was.
    if (renewed.size > leaves.length) await readNew();
    if (renewed.size > leaves.length) throw new LogNotTrusted('rollback', `the approval log has ${leaves.length} entries, its renewed head has ${renewed.size}`);
    const root = renewed.size === head?.size ? head.root : rootOf(leaves, renewed.size).toString('hex');
    if (renewed.root !== root) throw new LogNotTrusted('split', 'the approval log has another history than its renewed head');
    return renewed;
  }

  function sync(): Promise<void> {
    reading ??= readNew().then(assertFresh).finally(() => {
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

  async function renew(key: HeadSigner): Promise<SignedTreeHead | undefined> {
    for (;;) {
      await sync();
      if (head === undefined) return undefined;
      const renewed = await signHead({ size: head.size, root: head.root, at: new Date(clock()).toISOString() }, key);
      const { revision = 0 } = (await store.get(RENEWED.collection, RENEWED.id)) ?? {};
      try {
        await store.put(RENEWED.collection, RENEWED.id, renewed as unknown as JsonObject, revision);
        return renewed;
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw error;
        await pause(Math.random() * MAX_PAUSE_MS);
      }
    }
  }

  return {
    get head() {
      return head;
    },
    canSign: signer !== undefined,
    leaves,
    statementOf: (subject) => newest.get(subject),
    approvalOf: (subject) => approvals.get(subject),
    sync,
    append(statement) {
      if (signer === undefined) return Promise.reject(new NoKey());
      // One at a time within an instance: only other instances can be in the way.
      const appended = appending.then(() => append(statement, signer));
      appending = appended.catch(() => undefined);
      return appended;
    },
    renew: () => (signer === undefined ? Promise.reject(new NoKey()) : renew(signer)),
  };
}

class NoKey extends Error {
  constructor() {
    super('this instance has no key to sign with');
  }
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

function renewedHeadOf({ value }: Document): SignedTreeHead {
  try {
    return asSignedTreeHead(value);
  } catch {
    throw new LogNotTrusted('forged', 'the renewed head of the approval log is not one that was signed');
  }
}

function idOf(index: number): string {
  return String(index).padStart(ID_DIGITS, '0');
}
