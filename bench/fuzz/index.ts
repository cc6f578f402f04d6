/**
 * `npm run fuzz [-- --seconds N --smoke --only TARGET --seed N --path P]`: generated and damaged input against the gateway,
 * over sockets and in process, for a time. What must hold whatever is sent is in invariants.ts.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { conclude, figure, table } from '../report';
import type { Order, Report } from './fuzz-process';
import type { Finding, Outcome } from './run';
import type { Target } from './target';
import { TARGETS } from './targets';

const DEFAULT_SECONDS = 60;
const SMOKE_SECONDS = 7;
/** A process that tells of no new case for this long hangs. */
const SILENCE_MS = 60_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string' }, smoke: { type: 'boolean', default: false }, only: { type: 'string' }, seed: { type: 'string' }, path: { type: 'string' } },
  });
  const seconds = Number(values.seconds ?? (values.smoke ? SMOKE_SECONDS : DEFAULT_SECONDS));
  if (!(seconds > 0)) throw new Error(`Expected a number of seconds above 0, found ${values.seconds}.`);
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) * 1_000 : Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new Error(`Expected an integer as seed, found ${values.seed}.`);
  const targets = TARGETS.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
  if (targets.length === 0) throw new Error(`There is no target ${values.only}; there are ${TARGETS.map(({ name }) => name).join(', ')}.`);
  if (values.path !== undefined && targets.length > 1) throw new Error('--path repeats a case of one target: say which with --only.');

  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const outcomes: Outcome[] = [];
  const runner = new Runner();
  for (const target of targets) {
    console.error(`${target.name}: ${target.title}`);
    const outcome = await runner.run(target, { target: target.name, seed, path: values.path, milliseconds: (seconds * 1_000 * target.share) / shares });
    outcomes.push(outcome);
    if (outcome.finding !== undefined) console.log(describe(outcome.finding));
  }
  runner.stop();
  report(targets, outcomes, seed, values.smoke);
}

/** The process that runs the targets, until it ends or falls silent; then there is a new one for the next target. */
class Runner {
  private child: ChildProcess | undefined;
  private errors = '';

  /** Its end before the target's time, and its silence, are findings. */
  run(target: Target, order: Order): Promise<Outcome> {
    const started = performance.now();
    const child = (this.child ??= this.start());
    return new Promise((resolve) => {
      let { seed } = order;
      const settle = (outcome: Outcome): void => {
        clearTimeout(silence);
        child.removeAllListeners('message').removeAllListeners('exit');
        resolve(outcome);
      };
      const found = (what: string): void => {
        child.kill('SIGKILL');
        this.child = undefined;
        const finding = { target: target.name, seed, path: '', explanation: `${what}\n${this.errors}`.trimEnd() };
        settle({ target: target.name, cases: 0, milliseconds: performance.now() - started, finding });
      };
      const silence = setTimeout(() => found(`nothing happened for ${SILENCE_MS / 1_000} s: a case hangs and holds the whole process`), SILENCE_MS);
      child.on('message', (report: Report) => {
        silence.refresh();
        if (report.kind === 'case') seed = report.seed;
        else settle(report.outcome);
      });
      child.once('exit', (code, signal) => found(`the process ended with ${code ?? signal}`));
      child.send(order);
    });
  }

  private start(): ChildProcess {
    const child = fork(join(__dirname, 'fuzz-process.ts'), { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    this.errors = '';
    child.stderr?.on('data', (chunk: Buffer) => (this.errors = (this.errors + chunk.toString('utf8')).slice(-4_000)));
    return child;
  }

  stop(): void {
    this.child?.kill();
  }
}

function describe({ target, seed, path, explanation }: Finding): string {
  const repeat = `npm run fuzz -- --only ${target} --seed ${seed}${path === '' ? '' : ` --path ${path}`}`;
  return `\n${target}: ${explanation}\n\nAgain: ${repeat}\n`;
}

function report(targets: readonly Target[], outcomes: readonly Outcome[], seed: number, smoke: boolean): void {
  const rows = outcomes.map(({ target, cases, milliseconds, finding }) => [
    targets.find(({ name }) => name === target)?.title ?? target,
    String(cases),
    figure(milliseconds / 1_000),
    finding === undefined ? '' : 'FOUND',
  ]);
  console.log(table(`Fuzzing with seed ${seed}`, ['target', 'cases', 'seconds', ''], rows));
  const goals = outcomes.map(({ target, finding }) => ({ name: `findings in ${target}`, value: finding === undefined ? 0 : 1, limit: 0, direction: 'at most' as const }));
  // A finding counts in a short run as in a long one.
  conclude({ bench: 'fuzz', goals, figures: { seed, short: smoke, outcomes } });
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
