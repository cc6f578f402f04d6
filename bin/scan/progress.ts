/** A bar on a terminal's standard error, drawn over itself; nothing elsewhere. */
export interface Progress {
  step(done: number): void;
  end(): void;
}

const WIDTH = 32;
/** It is drawn only where scanning takes longer than this, and no more often. */
const INTERVAL_MS = 100;

export function createProgress(total: number, output: { readonly isTTY?: boolean; write(text: string): unknown }, clock: () => number): Progress {
  if (!output.isTTY) return { step: () => undefined, end: () => undefined };
  let drawnAt = clock();
  let drawn = false;
  return {
    step(done) {
      if (clock() - drawnAt < INTERVAL_MS) return;
      drawnAt = clock();
      drawn = true;
      const filled = Math.floor((done / Math.max(total, 1)) * WIDTH);
      output.write(`\r[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done} of ${total}`);
    },
    end() {
      if (drawn) output.write(`\r${' '.repeat(WIDTH + 40)}\r`);
    },
  };
}
