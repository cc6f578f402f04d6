import type { JsonObject } from '../../protocol';
import type { Action } from '../action';
import type { Before, Executor } from '../executor';

/** Contains the same at several places, such as at the edge and in the gateway itself. All of them are tried; one that fails fails all. */
export function inTurn<A extends Action>(...executors: readonly Executor<A>[]): Executor<A> {
  const each = async (step: (executor: Executor<A>, index: number) => Promise<string>) => {
    const done = await Promise.allSettled(executors.map(step));
    const failed = done.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return done.map((one) => (one as PromiseFulfilledResult<string>).value).join('; ');
  };
  const partOf = ({ value }: Before, index: number) => (value.parts as unknown as readonly Before[])[index]!;

  return {
    async observe(action) {
      const parts = await Promise.all(executors.map((executor) => executor.observe(action)));
      return { is: parts.map(({ is }) => is).join('; '), contained: parts.every(({ contained }) => contained), value: { parts } as unknown as JsonObject };
    },
    apply: (action, before, cause) => each(async (executor, index) => (partOf(before, index).contained ? partOf(before, index).is : executor.apply(action, partOf(before, index), cause))),
    undo: (action, before, cause) => each(async (executor, index) => (partOf(before, index).contained ? `left as it was: ${partOf(before, index).is}` : executor.undo(action, partOf(before, index), cause))),
  };
}
