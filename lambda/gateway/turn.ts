import { setImmediate } from 'node:timers';

let end: Promise<void> | undefined;

/**
 * The end of this turn of the event loop, where all that wait for it go on together, one step of all of them after the other. What a
 * step needs is then in the processor's caches from the second request on: under load, the same instructions take half of the time.
 */
export function endOfTurn(): Promise<void> {
  return (end ??= new Promise((resolve) => {
    setImmediate(() => {
      end = undefined;
      resolve();
    });
  }));
}
