import { setFlagsFromString } from 'node:v8';

/**
 * What a call makes is garbage when it is answered. V8 takes what outlived a few collections while many calls were open for long-lived, makes
 * its like among the old objects from then on, and everything that hangs on them is copied there too, until the next full collection:
 * a fifth more work for each call, in some processes and not in others.
 */
export function keepGarbageYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
