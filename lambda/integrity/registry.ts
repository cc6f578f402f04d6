import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import { DocumentTooLarge, RevisionConflict, type Document, type DocumentStore } from '../stores';
import { changeLevel, definitionDifference, nextVersion, type ChangeLevel, type Difference } from './difference';
import { advance, DEFAULT_APPROVAL_DAYS, isNews, isSensitive, rulesOf, type Actor, type ApprovalPolicy, type Command, type ScanFinding, type ScanResult, type Step, type ToolRecord } from './life-cycle';
import type { ApprovalLog } from './log';
import { pinOf, type Pin } from './pin';
import { MAX_SUBJECT_ID_BYTES, parseSubject, subjectId, type Subject } from './subject';

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

const RECORDS = 'tools';
const DEFINITIONS = 'definitions';
/** One document for each write of a record, named by its time. */
const CHANGES = 'changes';
const DAY_MS = 86_400_000;
const MAX_STORED_FINDINGS = 50;
/** Who looks for changes looks back minutes, milliseconds. */
const CHANGES_KEPT_MS = DAY_MS;
/** A server may offer the same definition under any number of names. */
const MAX_RESEMBLING = 20;
const MAX_PAUSE_MS = 50;
const REVISION_DIGITS = 8;
const SCANNER = 'scan';

export function createToolRegistry({ store, log, scan, policy = {}, clock = Date.now, onChange }: ToolRegistryOptions): ToolRegistry {
  const rules = rulesOf(policy);
  const now = () => new Date(clock()).toISOString();

  async function load(id: string): Promise<StoredRecord | undefined> {
    const document = await store.get(RECORDS, id);
    return document && storedOf(document);
  }

  /**
   * Takes the steps of `plan` on the newest record. With `insist`, again and again until nobody is faster.
   * @throws StepRefused, RevisionConflict
   */
  async function take(id: string, plan: (current: StoredRecord | undefined) => Promise<readonly (readonly [Command, Actor])[]>, insist: boolean): Promise<StoredRecord> {
    for (;;) {
      const current = await load(id);
      try {
        return await write(id, current, await plan(current));
      } catch (error) {
        if (!insist || !(error instanceof RevisionConflict)) throw error;
        await pause(Math.random() * MAX_PAUSE_MS);
      }
    }
  }

  async function write(id: string, current: StoredRecord | undefined, steps: readonly (readonly [Command, Actor])[]): Promise<StoredRecord> {
    const revision = (current?.revision ?? 0) + 1;
    let record: ToolRecord | undefined = current && { ...current.record, steps: [] };
    for (const [command, actor] of steps) {
      const outcome = advance(record, command, actor, rules, revision);
      if (!outcome.ok) throw new StepRefused(id, outcome.why);
      record = outcome.record;
    }
    if (record === undefined || record.steps.length === 0) return current as StoredRecord;
    if (current !== undefined) await archive(current);
    // Before the write, so that none goes unnoticed; of a write that fails somebody looks in vain.
    await store.put(CHANGES, `${now()} ${randomUUID()}`, { id, revision }, 0, { removeAfter: clock() + CHANGES_KEPT_MS });
    await store.put(RECORDS, id, record as unknown as JsonObject, current?.revision ?? 0);
    await publish(id, record, revision, current?.record.state === 'approved');
    for (const step of record.steps) onChange?.({ ...step, subject: id, revision });
    return { id, revision, record };
  }

  /** The steps of a record are kept before it is replaced, so that none is ever lost. */
  function archive({ id, revision, record }: StoredRecord): Promise<void> {
    return putOnce(historyOf(id), String(revision).padStart(REVISION_DIGITS, '0'), { steps: record.steps as unknown as JsonValue });
  }

  async function putOnce(collection: string, id: string, value: JsonObject): Promise<void> {
    try {
      await store.put(collection, id, value, 0);
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }

  /** Only what the log says is served: a record that was written without its leaf serves nothing. */
  async function publish(subject: string, { state, approval, steps }: ToolRecord, revision: number, wasApproved: boolean): Promise<void> {
    const last = steps.at(-1);
    if (last === undefined) return;
    if ((last.action === 'approve' || last.action === 'reinstate') && approval !== undefined) {
      const { pin, version, at, expiresAt, by } = approval;
      await log.append({ kind: 'approved', subject, revision, pin, version, at, expiresAt, by });
    } else if (wasApproved && state !== 'approved' && log.canSign) {
      await log.append({ kind: 'withdrawn', subject, revision, at: last.at, by: [last.by] });
    }
  }

  async function definition(pin: Pin): Promise<JsonValue | undefined> {
    const stored = (await store.get(DEFINITIONS, pin))?.value.definition;
    if (stored !== undefined && pinOf(stored) !== pin) throw new Error(`the stored definition with the pin ${pin} has another one`);
    return stored;
  }

  async function known(id: string): Promise<StoredRecord> {
    const found = await load(id);
    if (found === undefined) throw new StepRefused(id, 'nothing is known of it: no server has offered it yet');
    return found;
  }

  async function historyFor(id: string): Promise<readonly Step[]> {
    const [archived, current] = await Promise.all([store.list(historyOf(id)), load(id)]);
    const earlier = archived.flatMap(({ id: revision, value }) => (Number(revision) < (current?.revision ?? 0) ? (value.steps as unknown as Step[]) : []));
    return [...earlier, ...(current?.record.steps ?? [])];
  }

  /** ETDI: the version that a definition would have, by what changed since the last approval. */
  async function versionOf({ approval }: ToolRecord, pin: Pin): Promise<string> {
    if (approval === undefined) return nextVersion(undefined, 'none');
    return nextVersion(approval.version, await levelBetween(approval.pin, pin));
  }

  async function levelBetween(before: Pin, after: Pin): Promise<ChangeLevel> {
    if (before === after) return 'none';
    const [one, other] = await Promise.all([definition(before), definition(after)]);
    return one === undefined || other === undefined ? 'major' : changeLevel(one, other);
  }

  /** Other subjects that were offered with the same definition but for the name, some of them where they are many. */
  async function resembling(id: string, body: Pin | undefined): Promise<string[]> {
    if (body === undefined) return [];
    await putOnce(bearersOf(body), id, {});
    return (await store.list(bearersOf(body))).map((other) => other.id).filter((other) => other !== id).slice(0, MAX_RESEMBLING);
  }

  /** One that is too large is not kept, and so never approved: nobody could read what they approve. */
  async function keepDefinition(pin: Pin, offered: JsonValue): Promise<void> {
    try {
      await putOnce(DEFINITIONS, pin, { definition: offered });
    } catch (error) {
      if (!(error instanceof DocumentTooLarge)) throw error;
    }
  }

  /** A scan as it is kept. */
  async function scanBriefly(subject: Subject, offered: JsonValue): Promise<ScanResult> {
    const { verdict, score, findings } = await scan(subject, offered);
    return { verdict, score, findings: findings.slice(0, MAX_STORED_FINDINGS) };
  }

  const decide = (action: 'reject' | 'quarantine' | 'revoke', insist: boolean) => (id: string, { by, why }: Decision) =>
    take(id, async () => [[{ action }, { by, at: now(), why }]], insist);

  return {
    async observe(subject, offered, by) {
      const id = subjectId(subject);
      if (Buffer.byteLength(id) > MAX_SUBJECT_ID_BYTES) throw new StepRefused(`${id.slice(0, 40)}...`, `its name is longer than ${MAX_SUBJECT_ID_BYTES} bytes`);
      const pin = pinOf(offered);
      const body = bodyOf(offered);
      const sensitive = isSensitive(id, offered, policy);
      let scanned: Promise<ScanResult> | undefined;
      return take(
        id,
        async (current) => {
          if (!isNews(current?.record, pin)) return [];
          await keepDefinition(pin, offered);
          const result = await (scanned ??= scanBriefly(subject, offered));
          const resembles = current === undefined ? await resembling(id, body) : [];
          const at = now();
          const seen = current === undefined ? (resembles.length === 0 ? 'offered for the first time' : `offered for the first time, and the same as ${resembles.join(', ')}`) : 'its definition changed';
          const sighting = { subject, pin, sensitive, ...(body === undefined ? {} : { body }), ...(resembles.length === 0 ? {} : { resembles }) };
          const steps: [Command, Actor][] = [
            [{ action: 'observe', ...sighting }, { by, at, why: seen }],
            [{ action: 'scan', scan: result }, { by: SCANNER, at, why: describeScan(result) }],
          ];
          if (current?.record.state !== 'approved' && current?.record.state !== 'quarantined') steps.push([{ action: 'submit' }, { by, at, why: 'waits for people' }]);
          return steps;
        },
        true,
      );
    },
    rescan: (id, by) =>
      take(
        id,
        async (current) => {
          const { record } = current ?? (await known(id));
          const offered = record.state === 'revoked' ? undefined : await definition(record.pin);
          if (offered === undefined) return [];
          const result = await scanBriefly(record.subject, offered);
          if (record.scan !== undefined && canonicalJson(result as unknown as JsonObject) === canonicalJson(record.scan as unknown as JsonObject)) return [];
          const at = now();
          const steps: [Command, Actor][] = [[{ action: 'scan', scan: result }, { by, at, why: describeScan(result) }]];
          const isWorse = result.verdict === 'reject' && record.scan?.verdict !== 'reject';
          if (record.state === 'approved' && isWorse) steps.push([{ action: 'quarantine' }, { by, at, why: `the detector rejects it now: ${result.findings[0]?.sentence ?? describeScan(result)}` }]);
          return steps;
        },
        true,
      ),
    approve: (id, { by, why, pin, despiteFindings, endorsers }) =>
      take(
        id,
        async (current) => {
          const at = clock();
          const chosen = pin ?? current?.record.pin;
          const kept = chosen && (await definition(chosen));
          if (chosen !== undefined && kept === undefined) throw new StepRefused(id, 'its definition is not kept, it may be too large');
          const own = current === undefined || kept === undefined ? undefined : { verdict: (await scan(current.record.subject, kept)).verdict, sensitive: isSensitive(id, kept, policy) };
          const version = current === undefined || chosen === undefined ? '' : await versionOf(current.record, chosen);
          const expiresAt = new Date(at + (policy.approvalDays ?? DEFAULT_APPROVAL_DAYS) * DAY_MS).toISOString();
          return [[{ action: 'approve', pin, version, expiresAt, despiteFindings, own, endorsers }, { by, at: new Date(at).toISOString(), why }]];
        },
        false,
      ),
    reinstate: (id, decidedBy, { by, why }) =>
      take(
        id,
        async (current) => {
          const { record } = current ?? (await known(id));
          const last = (await historyFor(id)).findLast(({ to, from }) => to === 'quarantined' && from !== 'quarantined');
          if (record.state === 'quarantined' && last?.by !== decidedBy) throw new StepRefused(id, `it was not ${decidedBy} that stopped it`);
          await log.sync();
          const approval = log.approvalOf(id);
          const kept = await definition(record.pin);
          if (approval === undefined || kept === undefined) throw new StepRefused(id, 'it was never approved');
          const { pin, version, at, expiresAt, by: approvers } = approval;
          const { verdict } = await scan(record.subject, kept);
          return [[{ action: 'reinstate', approval: { pin, version, at, expiresAt, by: approvers }, verdict }, { by, at: now(), why }]];
        },
        false,
      ),
    reject: decide('reject', false),
    quarantine: decide('quarantine', true),
    revoke: decide('revoke', true),
    async publishWithdrawal(id) {
      const [current] = await Promise.all([load(id), log.sync()]);
      const last = current?.record.steps.at(-1);
      if (current === undefined || last === undefined || current.record.state === 'approved' || log.statementOf(id)?.kind !== 'approved') return false;
      await log.append({ kind: 'withdrawn', subject: id, revision: current.revision, at: last.at, by: [last.by] });
      return true;
    },
    list: async () => (await store.list(RECORDS)).map(storedOf),
    async changedSince(time) {
      const changes = await store.list(CHANGES, { after: new Date(time).toISOString() });
      return changes.map(({ value }) => ({ id: String(value.id), revision: Number(value.revision) }));
    },
    find: load,
    definition,
    history: historyFor,
    async review(id) {
      const { record } = await known(id);
      const { pin, approval } = record;
      const after = await definition(pin);
      const before = approval && (await definition(approval.pin));
      if (after === undefined) throw new Error(`the definition of ${id} is not stored`);
      const earlier = before === undefined ? [] : (await scan(record.subject, before)).findings;
      const isNew = ({ ruleId, pointer }: ScanFinding) => !earlier.some((finding) => finding.ruleId === ruleId && finding.pointer === pointer);
      return {
        ...(approval === undefined ? {} : { before: approval.pin }),
        after: pin,
        level: before === undefined ? 'major' : changeLevel(before, after),
        differences: before === undefined ? [] : definitionDifference(before, after),
        newFindings: (record.scan?.findings ?? []).filter(isNew),
      };
    },
  };
}

function storedOf({ id, revision, value }: Document): StoredRecord {
  return { id, revision, record: { ...(value as unknown as ToolRecord), subject: parseSubject(id) } };
}

function historyOf(id: string): string {
  return `history/${id}`;
}

function bearersOf(body: Pin): string {
  return `bodies/${body}`;
}

/** What is left of a tool under another name. */
function bodyOf(definition: JsonValue): Pin | undefined {
  if (!isJsonObject(definition)) return undefined;
  const { name: _, title: __, ...body } = definition;
  return pinOf(body);
}

function describeScan({ verdict, score, findings }: ScanResult): string {
  return `${verdict}, score ${score.toFixed(2)}, ${findings.length === 1 ? '1 finding' : `${findings.length} findings`}`;
}
