import { createHash } from 'node:crypto';
import type { JsonObject } from '../protocol';
import { RevisionConflict, type DocumentStore } from '../stores';
import { holdId, type Containment } from './action';
import type { Before } from './executor';
import type { Incident } from './incident';
import { planFor, type Estate, type PlannedAction, type ResponsePolicy } from './playbook';
import type { ActionRecord, Case } from './record';
import { wordOfOutcome, wordOfReturn } from './words';

/** A process that works on a containment. */
export interface Work {
  /** No two have the same. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** A containment, and for which incidents it is in force. */
export interface Hold {
  readonly name: string;
  /** How it was before the first of them. */
  readonly before: Before;
  /** Ids of incidents. In force while there is one. */
  readonly holders: readonly string[];
  /** Who works on it, or was interrupted. */
  readonly working: readonly Work[];
  /** Whether what is so is what `holders` say. False while somebody works on it, or was interrupted. */
  readonly settled: boolean;
}

/** Something as it was read: writing it again takes its revision. */
export interface Versioned<T> {
  readonly revision: number;
  readonly value: T;
}

/** What was decided and done, in documents that nobody overwrites unread. */
export interface Ledger {
  /** Writes an incident down with its plan, once: one that is known keeps the plan that it has, and gets word to people where it is seen again after it was taken back. */
  open(incident: Incident, now: string): Promise<Case>;
  /** Writes down the word that people are owed on how it stands, once; answers it. @param unanswered as `wordOfOutcome` */
  conclude(incident: string, unanswered: readonly number[], now: string): Promise<ActionRecord | undefined>;
  find(incident: string): Promise<Case | undefined>;
  list(): Promise<readonly Case[]>;
  action(incident: string, number: number): Promise<Versioned<ActionRecord> | undefined>;
  /** @throws RevisionConflict */
  putAction(record: ActionRecord, replaces: number): Promise<Versioned<ActionRecord>>;
  hold(action: Containment): Promise<Versioned<Hold> | undefined>;
  /** @throws RevisionConflict */
  putHold(action: Containment, hold: Hold, replaces: number): Promise<void>;
}

/** Partitions of the table. */
export const COLLECTIONS = { incidents: 'incidents', actions: 'actions', holds: 'containments' } as const;

export function createLedger(store: DocumentStore, estate?: Estate, policy?: ResponsePolicy): Ledger {
  async function putOnce(collection: string, id: string, value: JsonObject): Promise<void> {
    try {
      await store.put(collection, id, value, 0);
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }

  async function find(id: string): Promise<Case | undefined> {
    const [stored, records] = await Promise.all([store.get(COLLECTIONS.incidents, id), store.list(COLLECTIONS.actions, { prefix: `${id}/` })]);
    return stored && caseOf(stored.value, records.map(({ value }) => value));
  }

  /** Writes down one more action; whoever took its number meanwhile is seen the next time. Answers what there is then, and the action. */
  async function add(id: string, now: string, wordOf: (found: Case) => PlannedAction | undefined): Promise<{ readonly found: Case; readonly word?: ActionRecord }> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const found = (await find(id))!;
      const word = wordOf(found);
      if (word === undefined) return { found };
      const known = found.actions.find(({ number }) => number === word.number);
      if (known !== undefined) return { found, word: known };
      await putOnce(COLLECTIONS.actions, actionId(id, word.number), { ...word, incident: id, state: 'planned', changedAt: now } as unknown as JsonObject);
    }
    throw new Error(`the actions of ${id} change too fast`);
  }

  return {
    async open(incident, now) {
      // The plan is part of the document, so that whoever writes down its actions, or what is missing of them, writes the same.
      await putOnce(COLLECTIONS.incidents, incident.id, { incident, plan: planFor(incident, estate, policy), openedAt: now } as unknown as JsonObject);
      const { value } = (await store.get(COLLECTIONS.incidents, incident.id))!;
      const { plan, openedAt } = value as unknown as { readonly plan: ReturnType<typeof planFor>; readonly openedAt: string };
      for (const planned of plan) {
        const record: ActionRecord = { ...planned, incident: incident.id, state: 'planned', changedAt: openedAt };
        await putOnce(COLLECTIONS.actions, actionId(incident.id, planned.number), record as unknown as JsonObject);
      }
      return (await add(incident.id, now, (found) => wordOfReturn(found, incident.at))).found;
    },
    conclude: async (id, unanswered, now) => (await add(id, now, (found) => wordOfOutcome(found, unanswered))).word,
    find,
    async list() {
      const [incidents, records] = await Promise.all([store.list(COLLECTIONS.incidents), store.list(COLLECTIONS.actions)]);
      return incidents.map(({ id, value }) => caseOf(value, records.filter((record) => record.id.startsWith(`${id}/`)).map((record) => record.value)));
    },
    async action(incident, number) {
      const stored = await store.get(COLLECTIONS.actions, actionId(incident, number));
      return stored && { revision: stored.revision, value: stored.value as unknown as ActionRecord };
    },
    async putAction(record, replaces) {
      const { revision } = await store.put(COLLECTIONS.actions, actionId(record.incident, record.number), record as unknown as JsonObject, replaces);
      return { revision, value: record };
    },
    async hold(action) {
      const stored = await store.get(COLLECTIONS.holds, documentOf(action));
      return stored && { revision: stored.revision, value: stored.value as unknown as Hold };
    },
    async putHold(action, hold, replaces) {
      await store.put(COLLECTIONS.holds, documentOf(action), hold as unknown as JsonObject, replaces);
    },
  };
}

const MAX_TRIES = 100;
const NUMBER_DIGITS = 3;

function actionId(incident: string, number: number): string {
  return `${incident}/${String(number).padStart(NUMBER_DIGITS, '0')}`;
}

/** Names of principals may be longer than a key. */
function documentOf(action: Containment): string {
  return `${action.kind} ${createHash('sha256').update(holdId(action)).digest('hex')}`;
}

function caseOf(stored: JsonObject, records: readonly JsonObject[]): Case {
  const { incident, openedAt } = stored as unknown as Pick<Case, 'incident' | 'openedAt'>;
  return { incident, openedAt, actions: records as unknown as readonly ActionRecord[] };
}
