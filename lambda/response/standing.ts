import { describeAction, isContainment } from './action';
import { awaitsPerson, type ActionRecord, type ActionState } from './record';

/** Where the answer to an incident stands, for people who have to know what is left to them. */
export interface Standing {
  /** The end of a sentence that begins with the incident. */
  readonly predicate: string;
  /** What is not done, by its number, and why not: one line each. */
  readonly open: readonly string[];
  /** Numbers of the actions that wait for a person. */
  readonly waiting: readonly number[];
}

const FAILED: readonly ActionState[] = ['apply_failed', 'undo_failed'];

/** What is said of an action that is not in force, and how many of them are spoken of. */
const STATES: readonly (readonly [label: string, states: readonly ActionState[], count: (actions: string, isOne: boolean) => string])[] = [
  ['waits for your word', ['waiting'], (actions) => `waits for your word on ${actions}`],
  ['failed', FAILED, (actions) => `${actions} failed`],
  ['was taken back', ['undoing', 'undone'], (actions, isOne) => `${actions} ${isOne ? 'was' : 'were'} taken back`],
  ['was denied', ['denied'], (actions, isOne) => `${actions} ${isOne ? 'was' : 'were'} denied`],
  ['is not done yet', ['planned', 'approved', 'applying', 'dry_run'], (actions, isOne) => `${actions} ${isOne ? 'is' : 'are'} not done yet`],
];

/** Says no more than what is in force: whatever else an action is, it contains nothing. Pure. */
export function standingOf(actions: readonly ActionRecord[]): Standing {
  const spoken = actions.filter((record) => isContainment(record.action) || hasFailed(record));
  const groups = STATES.map(([label, states, count]) => ({ label, count, found: spoken.filter((record) => states.includes(stateIn(record))) })).filter(({ found }) => found.length > 0);
  return {
    predicate: [isContained(spoken), ...groups.map(({ count, found: { length } }) => count(length === 1 ? '1 action' : `${length} actions`, length === 1))].join(', '),
    open: groups.flatMap(({ label, found }) => found.map(({ number, action }) => `${number}  ${label}:  ${describeAction(action)}`)),
    waiting: spoken.filter((record) => stateIn(record) === 'waiting').map(({ number }) => number),
  };
}

/** Evidence is kept, whatever is taken back, and word to people is this one. */
function hasFailed({ action, state }: ActionRecord): boolean {
  return action.kind !== 'notify' && FAILED.includes(state);
}

function isContained(actions: readonly ActionRecord[]): string {
  const containments = actions.filter(({ action }) => isContainment(action));
  const inForce = containments.filter(({ state }) => state === 'applied').length;
  if (containments.length === 0) return 'is not contained: nothing here takes hold of what it concerns';
  if (inForce === 0) return 'is not contained';
  return inForce === containments.length ? 'is contained' : `is contained in part (${inForce} of ${containments.length} containments)`;
}

function stateIn(record: ActionRecord): ActionState {
  return awaitsPerson(record) ? 'waiting' : record.state;
}
