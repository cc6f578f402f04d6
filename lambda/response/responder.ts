import { randomUUID } from 'node:crypto';
import { RevisionConflict, type DocumentStore } from '../stores';
import { describeAction, isContainment, nameOf, subjectOf, type Action } from './action';
import { RESPONDER, type Cause, type Executor, type Executors } from './executor';
import { setHolding } from './holding';
import type { Incident } from './incident';
import { createLedger, type Versioned } from './ledger';
import { planFor, type Estate, type PlannedAction, type ResponsePolicy } from './playbook';
import { awaitsPerson, ResponseRefused, type ActionRecord, type ActionState, type Case, type ResponseEvent } from './record';
import { standingName } from './standing';

/** What an action would do now. */
export interface Preview extends PlannedAction {
  /** How it is now, or why that cannot be said. */
  readonly is: string;
  /** One sentence. */
  readonly would: string;
}

/** Carries out playbooks, and takes them back (IR-2, SOC-3). All that anybody does about an incident goes through here. */
export interface Responder {
  /** Takes an incident on: the same one twice is one case. One that is seen again after it was taken back is told of again, and nothing else. */
  open(incident: Incident): Promise<Case>;
  /** Opens a case and carries out what needs nobody's word, one action after the other; one that fails keeps none of the others from being done. */
  respond(incident: Incident): Promise<Case>;
  list(): Promise<readonly Case[]>;
  /** Whether there is a case of this incident. */
  knows(incident: string): Promise<boolean>;
  /** @throws ResponseRefused where there is no such incident */
  find(incident: string): Promise<Case>;
  /** What would be done about the incident. Changes nothing, not even the ledger. */
  preview(incident: Incident): Promise<readonly Preview[]>;
  /** Carries one action out. What is done already is left as it is. @throws ResponseRefused where it waits for a person, was denied or undone */
  apply(incident: string, number: number, by?: string): Promise<ActionRecord>;
  /** Writes down that a workflow waits for a person's word on an action. @throws ResponseRefused where there is none to wait for any more */
  wait(incident: string, number: number, taskToken?: string): Promise<ActionRecord>;
  /** A person's word on an action that waits. @throws ResponseRefused */
  decide(incident: string, number: number, approved: boolean, by: string, why: string): Promise<ActionRecord>;
  /**
   * Writes down the word that people are owed on how it stands; `apply` sends it. Nothing where they know.
   * @param asked Numbers of the actions that people were asked about, and that nobody waits for any more.
   * @throws ResponseRefused where there is no such incident
   */
  conclude(incident: string, asked?: readonly number[]): Promise<ActionRecord | undefined>;
  /** Takes one action back. What was never carried out never will be. */
  undo(incident: string, number: number, by: string, why: string): Promise<ActionRecord>;
  /** Takes everything back, in the opposite order: a false positive. What fails is tried again by the next call. */
  undoAll(incident: string, by: string, why: string): Promise<Case>;
}

export interface ResponderOptions {
  readonly store: DocumentStore;
  readonly executors: Executors;
  readonly policy?: ResponsePolicy;
  readonly estate?: Estate;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** Of each piece of work, never the same twice. @default crypto.randomUUID */
  readonly newWorkId?: () => string;
  /** Gets each change of an action, after it was written. */
  readonly onEvent?: (event: ResponseEvent) => void;
}

const MAX_TRIES = 100;
const MAX_OUTCOME = 500;
const STARTS: readonly ActionState[] = ['planned', 'approved', 'applying', 'apply_failed'];
const NEVER_DONE: readonly ActionState[] = ['planned', 'waiting', 'approved'];

export function createResponder({ store, executors, policy, estate, clock = Date.now, newWorkId = randomUUID, onEvent = () => undefined }: ResponderOptions): Responder {
  const ledger = createLedger(store, estate, policy);
  const now = () => new Date(clock()).toISOString();

  async function find(id: string): Promise<Case> {
    const found = await ledger.find(id);
    if (found === undefined) throw new ResponseRefused(`there is no incident ${id}`);
    return found;
  }

  /** Writes what `change` makes of the newest record, again where somebody else wrote in between; `undefined` leaves it as it is. */
  async function update(incident: Incident, number: number, by: string, change: (record: ActionRecord) => Partial<ActionRecord> | undefined): Promise<Versioned<ActionRecord>> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const found = await ledger.action(incident.id, number);
      if (found === undefined) throw new ResponseRefused(`${incident.id} has no action ${number}`);
      const changed = change(found.value);
      if (changed === undefined) return found;
      try {
        const written = await ledger.putAction({ ...found.value, ...changed, changedAt: now() }, found.revision);
        tell(incident, written.value, by);
        return written;
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw error;
      }
    }
    throw new Error(`an action of ${incident.id} changes too fast`);
  }

  function tell(incident: Incident, { number, action, state, outcome, changedAt }: ActionRecord, by: string): void {
    const subject = isContainment(action) ? nameOf(subjectOf(action)) : incident.id;
    onEvent({ kind: 'response', at: changedAt, incident: incident.id, incidentKind: incident.kind, severity: incident.severity, number, action: action.kind, subject, state, by, ...(outcome === undefined ? {} : { outcome }) });
  }

  function executorOf(action: Action): Executor {
    const executor = executors[action.kind] as Executor | undefined;
    if (executor === undefined) throw new ResponseRefused(`nothing here can ${describeAction(action)}`);
    return executor;
  }

  function bringAbout({ action }: ActionRecord, cause: Cause, isHeld: boolean): Promise<string> {
    const executor = executorOf(action);
    if (isContainment(action)) return setHolding(ledger, executor, action, cause, isHeld, { id: newWorkId(), since: clock() });
    const before = { is: '', contained: false, value: {} };
    return isHeld ? executor.apply(action, before, cause) : executor.undo(action, before, cause);
  }

  async function apply(id: string, number: number, by: string = RESPONDER): Promise<ActionRecord> {
    const found = await find(id);
    const { incident, actions } = found;
    const { value: begun } = await update(incident, number, by, (record) => startOf(record));
    if (begun.state === 'undone' || begun.state === 'undoing') return withdraw(found, begun);
    if (begun.state !== 'applying') return begun;
    if (begun.mode === 'dry_run') return dryRun(incident, begun, by);
    const cause = { incident, actions, by, why: `${incident.id}: ${incident.why}` };
    try {
      const outcome = sentence(await bringAbout(begun, cause, true));
      const { value: done } = await update(incident, number, by, ({ state, action }) => (state === 'applying' ? { state: 'applied', outcome, ...toldBy(action, actions) } : undefined));
      return done.state === 'undone' || done.state === 'undoing' ? await withdraw(found, done) : done;
    } catch (error) {
      await update(incident, number, by, ({ state }) => (state === 'applying' ? { state: 'apply_failed', outcome: sentence((error as Error).message) } : undefined));
      throw error;
    }
  }

  /** It was taken back while it was carried out, or before: what came too late goes too, whoever was interrupted in it. */
  async function withdraw({ incident, actions }: Case, record: ActionRecord): Promise<ActionRecord> {
    const { by, why } = record.undone!;
    if (isContainment(record.action)) await bringAbout(record, { incident, actions, by, why }, false);
    return record;
  }

  async function dryRun(incident: Incident, record: ActionRecord, by: string): Promise<ActionRecord> {
    const { would } = await previewOf(record);
    return (await update(incident, record.number, by, ({ state }) => (state === 'applying' ? { state: 'dry_run', outcome: would } : undefined))).value;
  }

  async function previewOf({ number, action, mode }: PlannedAction): Promise<Preview> {
    const planned = { number, action, mode };
    const word = mode === 'approval' ? 'would wait for a person, and then' : 'would';
    if (executors[action.kind] === undefined) return { ...planned, is: 'nothing here can do that', would: `cannot ${describeAction(action)}` };
    if (!isContainment(action)) return { ...planned, is: '', would: `${word} ${describeAction(action)}` };
    const held = await ledger.hold(action);
    if (held !== undefined && held.value.holders.length > 0) return { ...planned, is: `it is contained for ${held.value.holders.join(', ')}`, would: `${word} keep it so` };
    const { is, contained } = await executorOf(action).observe(action);
    return { ...planned, is, would: contained ? 'would do nothing' : `${word} ${describeAction(action)}` };
  }

  async function undo(id: string, number: number, by: string, why: string): Promise<ActionRecord> {
    const found = await find(id);
    const { incident, actions } = found;
    const undone = { by, at: now(), why };
    const { value: begun } = await update(incident, number, by, (record) => {
      if (record.state === 'undone' || record.state === 'denied' || record.state === 'dry_run') return undefined;
      if (NEVER_DONE.includes(record.state)) return { state: 'undone', undone, outcome: 'it was never carried out' };
      return { state: 'undoing', undone };
    });
    if (begun.state === 'undone') return withdraw(found, begun);
    if (begun.state !== 'undoing') return begun;
    try {
      const outcome = sentence(await bringAbout(begun, { incident, actions, by, why }, false));
      return (await update(incident, number, by, ({ state }) => (state === 'undoing' ? { state: 'undone', outcome } : undefined))).value;
    } catch (error) {
      await update(incident, number, by, ({ state }) => (state === 'undoing' ? { state: 'undo_failed', outcome: sentence((error as Error).message) } : undefined));
      throw error;
    }
  }

  return {
    open: (incident) => ledger.open(incident, now()),
    async respond(incident) {
      const { actions } = await ledger.open(incident, now());
      for (const { number, mode } of actions) if (mode !== 'approval') await settled(apply(incident.id, number));
      return find(incident.id);
    },
    list: () => ledger.list(),
    knows: async (id) => (await ledger.find(id)) !== undefined,
    find,
    preview: (incident) => Promise.all(planFor(incident, estate, policy).map(previewOf)),
    apply,
    async wait(id, number, taskToken) {
      const { incident } = await find(id);
      const { value } = await update(incident, number, RESPONDER, ({ state }) => (state === 'planned' || state === 'waiting' ? { state: 'waiting', ...(taskToken === undefined ? {} : { taskToken }) } : undefined));
      if (value.state !== 'waiting') throw new ResponseRefused(`nobody has to decide on action ${number} of ${id} any more: it is ${value.state}`);
      return value;
    },
    async decide(id, number, approved, by, why) {
      const { incident } = await find(id);
      const decision = { approved, by, at: now(), why };
      const { value } = await update(incident, number, by, (record) => {
        if (!awaitsPerson(record)) throw new ResponseRefused(`action ${number} of ${id} does not wait for a person: it is ${record.state}`);
        return { state: approved ? 'approved' : 'denied', decision, outcome: why };
      });
      return value;
    },
    async conclude(id, asked = []) {
      const { actions } = await find(id);
      const unanswered = actions.filter((record) => asked.includes(record.number) && awaitsPerson(record)).map(({ number }) => number);
      return ledger.conclude(id, unanswered, now());
    },
    undo,
    async undoAll(id, by, why) {
      const { actions } = await find(id);
      for (const { number } of actions.toReversed()) await settled(undo(id, number, by, why));
      return find(id);
    },
  };
}

/** Where applying an action begins, or what it finds. */
function startOf({ state, mode, number, incident, decision }: ActionRecord): Partial<ActionRecord> | undefined {
  if (state === 'applied' || state === 'undone' || state === 'undoing' || state === 'dry_run') return undefined;
  const isPermitted = mode !== 'approval' || decision?.approved === true;
  if (!isPermitted || !STARTS.includes(state)) throw new ResponseRefused(`action ${number} of ${incident} is not carried out: ${state === 'planned' ? 'it waits for a person' : `it is ${state}`}`);
  return { state: 'applying' };
}

/** What people know once they were told. */
function toldBy(action: Action, actions: readonly ActionRecord[]): Partial<ActionRecord> {
  return action.kind === 'notify' ? { told: standingName(actions, action.closing?.unanswered) } : {};
}

/** What went wrong is in the record, and does not keep the rest from being done. */
async function settled(step: Promise<unknown>): Promise<void> {
  await step.catch(() => undefined);
}

function sentence(text: string): string {
  return text.slice(0, MAX_OUTCOME);
}
