import type * as argumentGuard from '../../lambda/guard/arguments';
import type * as recogniserGuard from '../../lambda/guard/recognisers';

declare const require: {
  (id: '../../lambda/guard/arguments'): typeof argumentGuard;
  (id: '../../lambda/guard/recognisers'): typeof recogniserGuard;
};

/** What compiles rules for arguments in the proxy. Loaded on first use: it is a third of this library, and most syntheses compile none. */
export function argumentEngine(): typeof argumentGuard {
  return require('../../lambda/guard/arguments');
}

/** What compiles recognisers in the proxy, loaded on first use as well. */
export function recogniserEngine(): typeof recogniserGuard {
  return require('../../lambda/guard/recognisers');
}
