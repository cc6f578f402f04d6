import type { Denial } from '../assertion';
import type { Cell } from '../matrix';

/** An assertion, and the cells that break it. */
export interface Breach {
  readonly denial: Denial;
  readonly cells: readonly Cell[];
}
