import { noticeOf, type Notice } from './executors';
import { describeAction, type ActionKind } from './action';
import type { Incident } from './incident';
import type { Estate } from './playbook';
import { ResponseRefused, stateOf, type ActionRecord, type CaseState } from './record';
import type { Responder } from './responder';
import { incidentOfEvent, worseOnesOf, type AlarmMeaning, type BusEvent } from './sources';

/** What a workflow begins with: an event of the bus, or what a person asked for. */
export type WorkflowInput = BusEvent | PersonsRequest;

/** `apply` carries out what was approved too late for the workflow that had waited for it, and `tell` tells people of what was denied too late. */
export interface PersonsRequest {
  readonly operation: 'undo' | 'apply' | 'tell';
  readonly incident: string;
  /** @default - all of them */
  readonly number?: number;
  readonly by: string;
  readonly why: string;
}

/** One action, for the function that has the right to it. */
export interface ActionStep {
  readonly incident: string;
  readonly number: number;
  readonly kind: ActionKind;
  /** Where it runs, for a workload; '' otherwise: other functions have the right to each. */
  readonly platform: string;
  readonly step: 'apply' | 'undo';
  readonly by: string;
  readonly why: string;
}

/** What a workflow is to do. */
export interface WorkflowPlan {
  /** Empty where the event is no incident. */
  readonly incident: string;
  /** All at once, so that nothing waits while something else is tried again. */
  readonly lanes: readonly Lane[];
  /** Once all of them ended: word to people. */
  readonly words: readonly ActionStep[];
  /** Then, each once a person has agreed. */
  readonly asked: readonly ActionStep[];
}

/** What is carried out one after the other. */
export interface Lane {
  readonly steps: readonly ActionStep[];
}

/** What is left of a plan in the end; a workflow that waited while this package was updated says nothing of what was asked, and tells nobody. */
export type EndedPlan = Pick<WorkflowPlan, 'incident'> & Partial<Pick<WorkflowPlan, 'asked'>>;

/** How a workflow ended. */
export interface WorkflowEnd {
  readonly state: CaseState;
  /** How many actions. */
  readonly failed: number;
  /** That people are owed. */
  readonly words: readonly ActionStep[];
}

/** A task of a workflow that waits for a person. */
export interface Asking extends ActionStep {
  readonly taskToken: string;
}

/** Lets a workflow that waits go on. Answers false where it does not wait any more. */
export type CompleteTask = (taskToken: string, approved: boolean) => Promise<boolean>;

/** First step: takes the incident on, or reads what is to be taken back. @throws NotAnIncident, ResponseRefused */
export function createPlanStep(responder: Responder, alarms?: Readonly<Record<string, AlarmMeaning>>, estate?: Estate): (input: WorkflowInput) => Promise<WorkflowPlan> {
  return async (input) => {
    // The bus wraps what is published on it, so nobody who can publish speaks as a person.
    if (!('detail-type' in input)) return planOfRequest(responder, input);
    const incident = incidentOfEvent(input, alarms, estate);
    if (incident === undefined) return { incident: '', lanes: [], words: [], asked: [] };
    const known = (await firstKnown(responder, worseOnesOf(incident))) ?? incident;
    const { actions } = await responder.open(known);
    const stepOf = (record: ActionRecord) => actionStep(record, 'apply', '', '');
    return { incident: known.id, ...inLanes(actions.filter(({ mode }) => mode !== 'approval').map(stepOf)), asked: actions.filter(({ mode }) => mode === 'approval').map(stepOf) };
  };
}

async function firstKnown(responder: Responder, incidents: readonly Incident[]): Promise<Incident | undefined> {
  const known = await Promise.all(incidents.map(({ id }) => responder.knows(id)));
  return incidents[known.indexOf(true)];
}

async function planOfRequest(responder: Responder, { operation, incident, number, by, why }: PersonsRequest): Promise<WorkflowPlan> {
  const { actions } = await responder.find(incident);
  const chosen = number === undefined ? actions : actions.filter((record) => record.number === number);
  if (chosen.length === 0) throw new ResponseRefused(`${incident} has no action ${number}`);
  if (operation === 'tell') return { incident, lanes: [], words: [], asked: [] };
  return { incident, ...inLanes((operation === 'undo' ? chosen.toReversed() : chosen).map((record) => actionStep(record, operation, by, why))), asked: [] };
}

/** What is done to workloads comes after the copy of what it may destroy, and waits for nothing else. */
const ON_WORKLOADS: readonly ActionKind[] = ['preserve_evidence', 'isolate_workload', 'stop_workload'];

/** The lane that takes longest is the first: of very many, some wait until others end. */
function inLanes(steps: readonly ActionStep[]): Pick<WorkflowPlan, 'lanes' | 'words'> {
  const words = steps.filter(({ kind }) => kind === 'notify');
  const onWorkloads = steps.filter(({ kind }) => ON_WORKLOADS.includes(kind));
  const others = steps.filter((step) => !words.includes(step) && !onWorkloads.includes(step));
  return { lanes: [...(onWorkloads.length > 0 ? [{ steps: onWorkloads }] : []), ...others.map((step) => ({ steps: [step] }))], words };
}

function actionStep({ incident, number, action }: ActionRecord, step: ActionStep['step'], by: string, why: string): ActionStep {
  return { incident, number, kind: action.kind, platform: 'workload' in action ? action.workload.platform : '', step, by, why };
}

/** Carries out one action, or takes it back. @throws what the executor throws */
export function createActStep(responder: Responder): (step: ActionStep) => Promise<{ readonly state: ActionRecord['state'] }> {
  return async ({ incident, number, step, by, why }) => {
    const { state } = step === 'undo' ? await responder.undo(incident, number, by, why) : await responder.apply(incident, number, by === '' ? undefined : by);
    return { state };
  };
}

/** Asks people for their word on an action, and remembers which task waits for it. */
export function createAskStep(responder: Responder, complete: CompleteTask, send: (notice: Notice) => Promise<void>): (asking: Asking) => Promise<void> {
  return async ({ incident: id, number, taskToken }) => {
    let record: ActionRecord;
    try {
      record = await responder.wait(id, number, taskToken);
    } catch (error) {
      if (!(error instanceof ResponseRefused)) throw error;
      await complete(taskToken, false);
      return;
    }
    const { incident } = await responder.find(id);
    await send(noticeOf({ incident }, `waits for your word: shall the response ${describeAction(record.action)}?`, `Look:  mcp-zero-trust respond show ${id}`, `Yes:   mcp-zero-trust respond approve ${id} --action ${number} --why TEXT`, `No:    mcp-zero-trust respond deny ${id} --action ${number} --why TEXT`));
  };
}

/** How it ended, and the word that people are owed on it. A workflow fails where an action did, so that an alarm tells of it. */
export function createFinishStep(responder: Responder): (plan: EndedPlan) => Promise<WorkflowEnd> {
  return async ({ incident, asked }) => {
    const found = await responder.find(incident);
    const word = asked && (await responder.conclude(incident, asked.map(({ number }) => number)));
    const failed = found.actions.filter(({ number, state }) => (state === 'apply_failed' || state === 'undo_failed') && number !== word?.number);
    return { state: stateOf(found), failed: failed.length, words: word === undefined ? [] : [actionStep(word, 'apply', '', '')] };
  };
}
