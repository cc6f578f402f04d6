import { RevisionConflict } from '../stores';
import { holdId, type Containment } from './action';
import type { Before, Cause, Executor } from './executor';
import type { Hold, Ledger, Versioned, Work } from './ledger';

const MAX_TRIES = 100;
/** No process works on one containment for longer: one that seems to has stopped. */
const LONGEST_WORK_MS = 900_000;

/**
 * Lets an incident begin or end to hold a containment. It is in force while at least one incident holds it, so that a false
 * positive takes nothing away that another incident still needs; after the last one everything is as before the first.
 *
 * Any number of processes may do so at the same time, and any of them may stop anywhere: what is to be so is written before it is
 * done, whoever finds it written otherwise after having done it does it again, and whoever resumes does it at least once. While anybody
 * works on it, what is so may be the work of one who comes late, and is not taken for how it was before.
 */
export async function setHolding<A extends Containment>(ledger: Ledger, executor: Executor<A>, action: A, cause: Cause, isHeld: boolean, work: Work): Promise<string> {
  const { id } = cause.incident;
  if (!(await declare(ledger, executor, action, id, isHeld, work))) return 'nothing of it was ever in force';
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const { value: hold, revision } = (await ledger.hold(action))!;
    const sentence = await bringAbout(executor, action, hold, cause);
    try {
      const working = hold.working.filter((other) => other.id !== work.id && work.since - other.since < LONGEST_WORK_MS);
      await ledger.putHold(action, { ...hold, working, settled: working.length === 0 }, revision);
      const others = hold.holders.filter((holder) => holder !== id);
      return !isHeld && others.length > 0 ? `it stays in force for ${others.join(', ')}` : sentence;
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
  throw new Error(`the containment ${holdId(action)} changes too fast`);
}

/** Writes down who holds it. Answers false where there is nothing to end. */
async function declare<A extends Containment>(ledger: Ledger, executor: Executor<A>, action: A, id: string, isHeld: boolean, work: Work): Promise<boolean> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const found = await ledger.hold(action);
    if (found === undefined && !isHeld) return false;
    const holders = (found?.value.holders ?? []).filter((holder) => holder !== id);
    const before = await beforeOf(executor, action, found, isHeld);
    const working = [...(found?.value.working ?? []).filter((other) => other.id !== work.id), work];
    const next: Hold = { name: holdId(action), before, holders: isHeld ? [...holders, id] : holders, working, settled: false };
    try {
      await ledger.putHold(action, next, found?.revision ?? 0);
      return true;
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
  throw new Error(`the containment ${holdId(action)} changes too fast`);
}

/** Only what begins anew is looked at: while it is in force, or is being ended, what was written down says how it was. */
async function beforeOf<A extends Containment>(executor: Executor<A>, action: A, found: Versioned<Hold> | undefined, isHeld: boolean): Promise<Before> {
  const isFree = found === undefined || (found.value.settled && found.value.holders.length === 0);
  return isFree && isHeld ? executor.observe(action) : found!.value.before;
}

function bringAbout<A extends Containment>(executor: Executor<A>, action: A, { before, holders }: Hold, cause: Cause): Promise<string> {
  if (before.contained) return Promise.resolve(`nothing was done: ${before.is}`);
  return holders.length > 0 ? executor.apply(action, before, cause) : executor.undo(action, before, cause);
}
