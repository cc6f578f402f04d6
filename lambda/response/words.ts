import type { PlannedAction } from './playbook';
import type { ActionRecord, Case } from './record';
import { standingName } from './standing';

/**
 * Word to people that an incident is seen again, `at` a time after a person took any of the response back, once for each time that
 * somebody did: what was taken back stays taken back, and is theirs to think over.
 */
export function wordOfReturn({ actions }: Pick<Case, 'actions'>, at: string): PlannedAction | undefined {
  const takenBack = Math.max(...actions.map(({ undone }) => (undone === undefined ? -Infinity : Date.parse(undone.at))));
  if (takenBack === -Infinity || Date.parse(at) <= takenBack) return undefined;
  const isTold = actions.some(({ action, state }) => action.kind === 'notify' && action.again !== undefined && state !== 'undone' && Date.parse(action.again) > takenBack);
  return isTold ? undefined : { number: nextNumber(actions), action: { kind: 'notify', again: at }, mode: 'automatic' };
}

/**
 * Word to people on how it stands, where they were told otherwise: after somebody decided on what waited, or nobody did, after it was taken back, and where
 * something went well that had failed. Once for each standing; one that was interrupted is gone on with. None before the playbook itself told them anything.
 */
export function wordOfOutcome({ actions }: Pick<Case, 'actions'>, unanswered: readonly number[]): PlannedAction | undefined {
  const words = actions.filter(({ action }) => action.kind === 'notify');
  const isHeard = words.some(({ state, told }) => state === 'applied' || told !== undefined);
  const standing = standingName(actions, unanswered);
  if (!isHeard || words.some(({ told }) => told === standing)) return undefined;
  const begun = words.find(({ action, state }) => action.kind === 'notify' && action.closing !== undefined && state !== 'applied' && state !== 'undone');
  return begun ?? { number: nextNumber(actions), action: { kind: 'notify', closing: { unanswered } }, mode: 'automatic' };
}

function nextNumber(actions: readonly Pick<ActionRecord, 'number'>[]): number {
  return Math.max(...actions.map(({ number }) => number)) + 1;
}
