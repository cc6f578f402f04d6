import { createProgress } from '../../../bin/scan/progress';

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => void written.push(text) };
}

describe('the progress bar of a scan', () => {
  test('is drawn over itself on a terminal, at most every 100 ms, and is gone at the end', () => {
    const output = terminal(true);
    let now = 0;
    const progress = createProgress(4, output, () => now);
    progress.step(0);
    expect(output.written).toEqual([]);
    now = 100;
    progress.step(1);
    now = 150;
    progress.step(2);
    now = 250;
    progress.step(3);
    expect(output.written).toEqual([`\r[${'#'.repeat(8)}${'.'.repeat(24)}] 1 of 4`, `\r[${'#'.repeat(24)}${'.'.repeat(8)}] 3 of 4`]);
    progress.end();
    expect(output.written.at(-1)).toMatch(/^\r +\r$/);
    expect(output.written.at(-1)!.length).toBeGreaterThan(output.written[1]!.length);
  });

  test('writes nothing where the scan is quick, and nothing into a file', () => {
    const quick = terminal(true);
    const progress = createProgress(1, quick, () => 0);
    progress.step(0);
    progress.end();
    expect(quick.written).toEqual([]);

    const redirected = terminal(false);
    let now = 0;
    const slow = createProgress(2, redirected, () => (now += 1_000));
    slow.step(0);
    slow.step(1);
    slow.end();
    expect(redirected.written).toEqual([]);
  });
});
