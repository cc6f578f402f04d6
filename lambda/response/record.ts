import { isContainment, type Action } from './action';
import type { Incident } from './incident';
import type { PlannedAction } from './playbook';

/**
 * Where an action stands. `planned` → (`waiting` → `approved` or `denied`) → `applying` → `applied` → `undoing` → `undone`. What
 * failed may be tried again; what was undone stays undone, also when the event comes again.
 */
export type ActionState = 'planned' | 'waiting' | 'approved' | 'denied' | 'applying' | 'applied' | 'apply_failed' | 'undoing' | 'undone' | 'undo_failed' | 'dry_run';

/** A step that a person or the response itself took. */
export interface Deed {
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly why: string;
}

/** One action on one incident. */
export interface ActionRecord extends PlannedAction {
  readonly incident: string;
  readonly state: ActionState;
  /** ISO 8601, UTC. */
  readonly changedAt: string;
  /** One sentence on what was done last, or why it was not. @default - nothing was done yet */
  readonly outcome?: string;
  /** A person's word on whether it is to be carried out. */
  readonly decision?: Deed & { readonly approved: boolean };
  readonly undone?: Deed;
  /** Of the workflow that waits for the decision. */
  readonly taskToken?: string;
  /** Of word to people: name of the standing that they were told of. */
  readonly told?: string;
}

/** An incident with all that is done about it. */
export interface Case {
  readonly incident: Incident;
  /** ISO 8601, UTC. */
  readonly openedAt: string;
  readonly actions: readonly ActionRecord[];
}

export type CaseState = 'contained' | 'not_contained' | 'waiting' | 'in_progress' | 'failed' | 'undone' | 'dry_run';

/** What needs a person's word waits for it from the beginning. */
export function awaitsPerson({ state, mode }: Pick<ActionRecord, 'state' | 'mode'>): boolean {
  return state === 'waiting' || (state === 'planned' && mode === 'approval');
}

/** What people need to know of a case at first sight: the worst of its actions. */
export function stateOf({ actions }: Pick<Case, 'actions'>): CaseState {
  const has = (...states: readonly ActionState[]) => actions.some(({ state }) => states.includes(state));
  const containments = actions.filter(({ action }) => isContainment(action));
  const holds = (...states: readonly ActionState[]) => containments.some(({ state }) => states.includes(state));
  if (has('apply_failed', 'undo_failed')) return 'failed';
  if (containments.length === 0 ? has('undone') : holds('undone', 'undoing')) return holds('applied', 'applying', 'undoing') ? 'in_progress' : 'undone';
  if (actions.some(awaitsPerson)) return 'waiting';
  if (has('dry_run')) return 'dry_run';
  if (has('planned', 'approved', 'applying')) return 'in_progress';
  return holds('applied') ? 'contained' : 'not_contained';
}

/** What happened to an action, for the audit trail and for metrics (LOG-1). */
export interface ResponseEvent {
  readonly kind: 'response';
  readonly at: string;
  readonly incident: string;
  readonly incidentKind: Incident['kind'];
  readonly severity: Incident['severity'];
  readonly number: number;
  readonly action: Action['kind'];
  readonly subject: string;
  readonly state: ActionState;
  readonly by: string;
  readonly outcome?: string;
}

/** A step that is not taken. The message is one sentence for whoever asked. */
export class ResponseRefused extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'ResponseRefused';
  }
}
