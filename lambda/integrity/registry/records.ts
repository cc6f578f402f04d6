import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '../../protocol';
import { RevisionConflict, type Document } from '../../stores';
import { advance, rulesOf, type Actor, type Command, type Step, type ToolRecord } from '../life-cycle';
import { parseSubject } from '../subject';
import { StepRefused, type StoredRecord, type ToolRegistry, type ToolRegistryOptions } from './contract';
import { putOnce } from './put-once';

const RECORDS = 'tools';
/** One document for each write of a record, named by its time. */
const CHANGES = 'changes';
/** Who looks for changes looks back minutes, milliseconds. */
const CHANGES_KEPT_MS = 86_400_000;
const MAX_PAUSE_MS = 50;
const REVISION_DIGITS = 8;

/** The steps to take on a record as it is now, each with who takes it. */
export type Plan = (current: StoredRecord | undefined) => Promise<readonly (readonly [Command, Actor])[]>;

/** Records as the store has them, each written together with its steps and with what the log says of it. */
export interface Records extends Pick<ToolRegistry, 'list' | 'changedSince' | 'history' | 'publishWithdrawal'> {
  load(id: string): Promise<StoredRecord | undefined>;
  /** @throws StepRefused for an unknown subject */
  known(id: string): Promise<StoredRecord>;
  /**
   * Takes the steps of `plan` on the newest record. With `insist`, again and again until nobody is faster.
   * @throws StepRefused, RevisionConflict
   */
  take(id: string, plan: Plan, insist: boolean): Promise<StoredRecord>;
}

export function recordsIn({ store, log, policy = {}, clock = Date.now, onChange }: ToolRegistryOptions): Records {
  const rules = rulesOf(policy);

  async function load(id: string): Promise<StoredRecord | undefined> {
    const document = await store.get(RECORDS, id);
    return document && storedOf(document);
  }

  async function take(id: string, plan: Plan, insist: boolean): Promise<StoredRecord> {
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
    await store.put(CHANGES, `${new Date(clock()).toISOString()} ${randomUUID()}`, { id, revision }, 0, { removeAfter: clock() + CHANGES_KEPT_MS });
    await store.put(RECORDS, id, record as unknown as JsonObject, current?.revision ?? 0);
    await publish(id, record, revision, current?.record.state === 'approved');
    for (const step of record.steps) onChange?.({ ...step, subject: id, revision });
    return { id, revision, record };
  }

  /** The steps of a record are kept before it is replaced, so that none is ever lost. */
  function archive({ id, revision, record }: StoredRecord): Promise<void> {
    return putOnce(store, historyOf(id), String(revision).padStart(REVISION_DIGITS, '0'), { steps: record.steps as unknown as JsonValue });
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

  async function known(id: string): Promise<StoredRecord> {
    const found = await load(id);
    if (found === undefined) throw new StepRefused(id, 'nothing is known of it: no server has offered it yet');
    return found;
  }

  async function history(id: string): Promise<readonly Step[]> {
    const [archived, current] = await Promise.all([store.list(historyOf(id)), load(id)]);
    const earlier = archived.flatMap(({ id: revision, value }) => (Number(revision) < (current?.revision ?? 0) ? (value.steps as unknown as Step[]) : []));
    return [...earlier, ...(current?.record.steps ?? [])];
  }

  return {
    load,
    known,
    take,
    history,
    list: async () => (await store.list(RECORDS)).map(storedOf),
    async changedSince(time) {
      const changes = await store.list(CHANGES, { after: new Date(time).toISOString() });
      return changes.map(({ value }) => ({ id: String(value.id), revision: Number(value.revision) }));
    },
    async publishWithdrawal(id) {
      const [current] = await Promise.all([load(id), log.sync()]);
      const last = current?.record.steps.at(-1);
      if (current === undefined || last === undefined || current.record.state === 'approved' || log.statementOf(id)?.kind !== 'approved') return false;
      await log.append({ kind: 'withdrawn', subject: id, revision: current.revision, at: last.at, by: [last.by] });
      return true;
    },
  };
}

function storedOf({ id, revision, value }: Document): StoredRecord {
  return { id, revision, record: { ...(value as unknown as ToolRecord), subject: parseSubject(id) } };
}

function historyOf(id: string): string {
  return `history/${id}`;
}
