/**
 * `npm run bench:synth [-- --rounds N --smoke]`: what `cdk synth` of the reference stack costs, beside an empty app that loads the
 * same modules of the CDK. Alternating in one run; everything as a user has it, the validation of the CDK among it. The app without
 * the command line, and without the validation, is shown too and decides nothing: it is where our own share is plainest.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { conclude, figure, table, type Goal } from '../report';
import { spread, type Cost, type Spread } from './cost';

const ROOT = join(__dirname, '..', '..');
const CDK = join('node_modules', 'aws-cdk', 'bin', 'cdk');
/** At most this much more than the empty app. */
const LIMIT = 1.3;

type Contender = 'empty' | 'reference';
const CONTENDERS: readonly Contender[] = ['reference', 'empty'];

/** How the synthesis is run. */
interface Setting {
  readonly name: string;
  readonly commandLine: boolean;
  readonly validation: boolean;
}

const SETTINGS: readonly Setting[] = [
  { name: 'cdk synth', commandLine: true, validation: true },
  { name: 'app alone', commandLine: false, validation: true },
  { name: 'app alone, no validation', commandLine: false, validation: false },
];

/** What both contenders cost in one setting, by round. */
type Costs = Readonly<Record<Contender, Cost[]>>;

function main(): void {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' }, smoke: { type: 'boolean', default: false } } });
  const rounds = values.smoke ? 1 : Number(values.rounds);
  const folder = mkdtempSync(join(tmpdir(), 'bench-synth-'));
  try {
    const measured = SETTINGS.map((setting) => ({ setting, costs: measure(setting, rounds, folder) }));
    console.log(table(`Synthesis, median of ${rounds} (middle half)`, ['', 'app', 'seconds', 'of it in the app, processor', 'peak MiB of the app'], measured.flatMap(rows)));
    conclude({
      bench: 'synth',
      smoke: values.smoke,
      goals: goalsOf(measured[0]!.costs),
      figures: Object.fromEntries(measured.map(({ setting, costs }) => [setting.name, figuresOf(costs)])),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure(setting: Setting, rounds: number, folder: string): Costs {
  const costs: Costs = { empty: [], reference: [] };
  // The first reference tells which modules the empty app has to load, and warms the caches of the disk.
  synthesize(setting, 'reference', folder);
  for (let round = 0; round < rounds; round++) {
    for (const contender of CONTENDERS) costs[contender].push(synthesize(setting, contender, folder));
  }
  return costs;
}

/** @throws Error with what the synthesis wrote when it fails. */
function synthesize({ name, commandLine, validation }: Setting, contender: Contender, folder: string): Cost {
  const { app } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')) as { app: string };
  const [, ...nodeOptions] = app.split(' ').slice(0, -1);
  const output = join(folder, `${contender}.out`);
  rmSync(output, { recursive: true, force: true });
  const child = [...nodeOptions, join('bench', 'synth', 'child.ts'), contender, join(folder, `modules-${validation}.json`), output];
  const args = commandLine ? [CDK, 'synth', '--quiet', '--no-notices', '--output', output, '--app', `node ${child.join(' ')}`] : child;
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, CDK_VALIDATION: String(validation), CDK_DISABLE_CLI_TELEMETRY: 'true' },
  });
  const wallMs = performance.now() - started;
  const cost = `${stdout}\n${stderr}`.split('\n').find((line) => line.startsWith('{"cpuMs":'));
  if (status !== 0 || cost === undefined) throw new Error(`the ${contender} app did not synthesize (${name}):\n${stdout}${stderr}`);
  return { ...(JSON.parse(cost) as Omit<Cost, 'wallMs'>), wallMs };
}

function goalsOf(costs: Costs): Goal[] {
  const { reference, empty } = figuresOf(costs);
  const goal = (name: string, measure: keyof Cost): Goal => ({
    name: `${name} of cdk synth, beside an empty app`,
    value: reference[measure].median / empty[measure].median,
    limit: LIMIT,
    direction: 'at most',
    unit: 'times',
  });
  return [goal('time', 'wallMs'), goal('peak memory', 'peakMemoryMiB')];
}

function rows({ setting, costs }: { readonly setting: Setting; readonly costs: Costs }): string[][] {
  return CONTENDERS.map((contender) => {
    const { wallMs, cpuMs, peakMemoryMiB } = figuresOf(costs)[contender];
    return [setting.name, contender, shown(wallMs, 1000), shown(cpuMs, 1000), shown(peakMemoryMiB, 1)];
  });
}

function shown({ median, low, high }: Spread, unit: number): string {
  return `${figure(median / unit)} (${figure(low / unit)} to ${figure(high / unit)})`;
}

function figuresOf(costs: Costs): Record<Contender, Record<keyof Cost, Spread>> {
  const of = (contender: Contender) => ({
    wallMs: spread(costs[contender].map(({ wallMs }) => wallMs)),
    cpuMs: spread(costs[contender].map(({ cpuMs }) => cpuMs)),
    peakMemoryMiB: spread(costs[contender].map(({ peakMemoryMiB }) => peakMemoryMiB)),
  });
  return { empty: of('empty'), reference: of('reference') };
}

main();
