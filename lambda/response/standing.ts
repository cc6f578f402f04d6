import { describeAction, isContainment } from './action';
import { awaitsPerson, type ActionRecord, type ActionState } from './record';

/** Where the answer to an incident stands, for people who have to know what is left to them. */
export interface Standing {
  /** The end of a sentence that begins with the incident. */
  readonly predicate: string;
  /** The part of it that says whether anything is in force. */
  readonly contained: string;
  /** What is in force, by its number: one line each. */
  readonly inForce: readonly string[];
  /** What is not done, by its number, and why not: one line each. */
  readonly open: readonly string[];
  /** What people decided, who and why, with the numbers of what it was about: one line each. */
  readonly decided: readonly string[];
  /** Numbers of the actions that wait for a person. */
  readonly waiting: readonly number[];
}

const FAILED: readonly ActionState[] = ['apply_failed', 'undo_failed'];

/** What is said of an action that is not in force, and how many of them are spoken of. */
const STATES: readonly (readonly [label: string, states: readonly ActionState[], count: (actions: string, isOne: boolean) => string])[] = [
  ['waits for your word', ['waiting'], (actions) => `waits for your word on ${actions}`],
  ['failed', ['apply_failed'], (actions) => `${actions} failed`],
  ['could not be taken back', ['undo_failed'], (actions) => `${actions} could not be taken back`],
  ['was taken back', ['undoing', 'undone'], (actions, isOne) => `${actions} ${isOne ? 'was' : 'were'} taken back`],
  ['was denied', ['denied'], (actions, isOne) => `${actions} ${isOne ? 'was' : 'were'} denied`],
  ['is not done yet', ['planned', 'approved', 'applying', 'dry_run'], (actions, isOne) => `${actions} ${isOne ? 'is' : 'are'} not done yet`],
];

/** Says no more than what is in force: whatever else an action is, it contains nothing. Pure. */
export function standingOf(actions: readonly ActionRecord[]): Standing {
  const spoken = actions.filter((record) => isContainment(record.action) || hasFailed(record));
  const groups = STATES.map(([label, states, count]) => ({ label, count, found: spoken.filter((record) => states.includes(stateIn(record))) })).filter(({ found }) => found.length > 0);
  const contained = isContained(spoken);
  return {
    contained,
    predicate: [contained, ...groups.map(({ count, found: { length } }) => count(length === 1 ? '1 action' : `${length} actions`, length === 1))].join(', '),
    inForce: spoken.filter(({ state }) => state === 'applied').map(({ number, action }) => `${number}  ${describeAction(action)}`),
    decided: decidedIn(actions),
    open: groups.flatMap(({ label, found }) => found.map(({ number, action }) => `${number}  ${label}:  ${describeAction(action)}`)),
    waiting: spoken.filter((record) => stateIn(record) === 'waiting').map(({ number }) => number),
  };
}

/**
 * Names how it stands: two standings of one incident that people would be told of in different words have different names. Pure.
 *
 * @param unanswered numbers of the actions that nobody decided on while a playbook waited for it
 */
export function standingName(actions: readonly ActionRecord[], unanswered: readonly number[] = []): string {
  const said = (record: ActionRecord) => STATES.find(([, states]) => states.includes(stateIn(record)))?.[0] ?? 'is in force';
  return actions.filter(({ action }) => action.kind !== 'notify').map((record) => `${record.number} ${said(record)}${unanswered.includes(record.number) ? ', unanswered' : ''}`).join('; ');
}

function decidedIn(actions: readonly ActionRecord[]): readonly string[] {
  const numbers = new Map<string, number[]>();
  for (const { number, action, decision, undone } of actions) {
    if (action.kind === 'notify') continue;
    const words = [decision && `${decision.approved ? 'approved' : 'denied'} by ${decision.by}: ${decision.why}`, undone && `taken back by ${undone.by}: ${undone.why}`];
    for (const word of words) if (word !== undefined) numbers.set(word, [...(numbers.get(word) ?? []), number]);
  }
  return [...numbers].map(([word, about]) => `${about.join(', ')}  ${word}`);
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
