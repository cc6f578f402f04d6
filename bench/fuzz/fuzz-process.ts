/** The process that runs the targets it is told to, so that what brings it down or stops it is seen from outside. */
import { runTarget, type Outcome } from './run';
import { TARGETS } from './targets';

/** What the process is to run. */
export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly path?: string;
  readonly milliseconds: number;
}

export type Report = { readonly kind: 'case'; readonly seed: number } | { readonly kind: 'outcome'; readonly outcome: Outcome };

/** How often it is told that cases go on, milliseconds. */
const BEAT_MS = 200;

process.on('message', (order: Order) => {
  const target = TARGETS.find(({ name }) => name === order.target);
  if (target === undefined) throw new Error(`there is no target ${order.target}`);
  let told = 0;
  const tell = (report: Report) => process.send?.(report);
  const onCase = (_name: string, seed: number) => {
    const now = performance.now();
    if (now - told < BEAT_MS) return;
    told = now;
    tell({ kind: 'case', seed });
  };
  void runTarget(target, { ...order, onCase }).then((outcome) => tell({ kind: 'outcome', outcome }));
});
