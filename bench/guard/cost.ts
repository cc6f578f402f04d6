import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServerGuard } from '../../lambda/guard';
import type { JsonObject } from '../../lambda/protocol';

export interface Costs {
  readonly sizes: readonly { readonly name: string; readonly without: number; readonly full: number }[];
  /** Of a progress message. */
  readonly firstByteMs: number;
}

const SIZES = [['1 kB', 1024], ['64 kB', 65_536], ['1 MB', 1_048_576]] as const;
const CALLER = { principalKey: 'bench', groups: [], requestId: 'bench' };

/** Times of guarding results of text, with everything on, and without the detector of orders. */
export async function measureCost(rounds: number): Promise<Costs> {
  const text = prose();
  const full = createServerGuard({ server: 'bench', results: { limits: { maxBytesPerHour: Number.MAX_SAFE_INTEGER } } });
  const without = createServerGuard({ server: 'bench', results: { instructions: 'allow', limits: { maxBytesPerHour: Number.MAX_SAFE_INTEGER } } });
  const sizes = [];
  for (const [name, size] of SIZES) {
    const result: JsonObject = { content: [{ type: 'text', text: text.slice(0, size) }] };
    const times = { name, without: 0, full: 0 };
    for (const [key, guard] of [['without', without], ['full', full]] as const) {
      times[key] = await timeOf(rounds * (size < 10_000 ? 20 : size < 100_000 ? 4 : 1), async () => void (await guard.guardResult(result, 'bench', CALLER)));
    }
    sizes.push(times);
  }
  const carry = full.createCarry();
  const message = text.slice(200, 300).replaceAll('\n', ' ');
  const firstByteMs = await timeOf(rounds * 20, async () => void full.guardParams({ progressToken: 1, progress: 1, message }, 'bench', CALLER, carry));
  return { sizes, firstByteMs };
}

/** Documentation of this project, over and over, as plain text. */
function prose(): string {
  const root = join(__dirname, '..', '..');
  const text = ['docs/architecture.md', 'lib/gateway/README.md', 'README.md'].map((name) => readFileSync(join(root, name), 'utf8')).join('\n').replaceAll(/[^\n\x20-\x7e]/g, '-');
  return Buffer.from(text.repeat(Math.ceil(1_100_000 / text.length)), 'latin1').toString('latin1');
}

/** The lower decile: what other programs on the machine take meanwhile is not ours. */
async function timeOf(rounds: number, run: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < rounds + 5; i++) {
    const start = performance.now();
    await run();
    if (i >= 5) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 10)]!;
}
