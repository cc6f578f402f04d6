/**
 * `npm run conformance [-- --smoke] [-- --only SCENARIO,...] [-- --authorization] [-- --replicas N]`: the official conformance suite against
 * the fixture server alone and through the gateway; with `--authorization` the gateway demands access tokens, which a shim
 * adds to the suite's requests, as bearer tokens and bound to a key (DPoP); with `--replicas` each request goes to the next of N containers.
 * Goal: every scored check of both requirement sets passes through the gateway.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { parse } from 'yaml';
import { start } from '../child-process';
import { UNREACHABLE_RATES, startGateway } from '../gateway-process';
import { ROOT } from '../install';
import { startGroup } from '../replicas/group';
import { conclude, table, type Goal } from '../report';
import { startShim } from './authorizing-shim';
import { REQUIREMENTS, installReferee, type Requirements } from './referee';
import { compare, nameOf, scoreOf, type ExpectedFailures, type Score } from './score';
import { createTestIssuer } from './tokens';

const FIXTURE_SOURCE = join(ROOT, 'test', 'fixtures', 'conformance-server', 'main.ts');
/** Bundled, so that it starts as fast as a program of that size does: some checks give a server half a second. */
const FIXTURE = join(ROOT, '.bench', 'conformance', 'fixture.js');
const SMOKE_SCENARIOS = ['tools-list', 'tools-call-simple-text', 'resources-read-text', 'prompts-get-with-args'];

/** Anybody may do anything: what is judged is the protocol. */
const PERMIT_ALL = 'permit (principal, action, resource);\n';

/** Failed checks that are printed of a subject that is no goal. */
const SHOWN_FOR_INFORMATION = 12;

const ERAS = ['dual', 'legacy', 'modern'] as const;
type Era = (typeof ERAS)[number];

/** One line of the table. */
interface Trial {
  readonly subject: string;
  readonly requirements: Requirements;
  readonly url: string;
  /** Whether conformance of the product is what it shows. @default - it is printed for information */
  readonly gating?: boolean;
}

interface Outcome extends Trial {
  readonly score: Score;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { smoke: { type: 'boolean', default: false }, only: { type: 'string' }, authorization: { type: 'boolean', default: false }, replicas: { type: 'string' } },
  });
  const only = values.only?.split(',') ?? (values.smoke ? SMOKE_SCENARIOS : undefined);
  const referee = await installReferee();
  const outcomes: Outcome[] = [];
  const trials = values.replicas !== undefined ? startReplicatedTrials(Number(values.replicas)) : values.authorization ? startAuthorizedTrials() : startTrials(values.smoke);
  for (const trial of await trials) {
    const name = `${trial.subject}-${trial.requirements}`.replaceAll(/\W+/g, '-');
    const score = scoreOf(await referee.judge(name, trial.url, trial.requirements, only));
    outcomes.push({ ...trial, score });
    const { passed, failed } = score;
    console.error(`${trial.requirements}  ${trial.subject}: ${passed} of ${passed + failed.length}`);
  }
  report(outcomes, await readExpectedFailures(), values.smoke || only !== undefined);
}

/** The suite has servers ask for roots, too. */
const ALL = ['roots', 'sampling', 'elicitation'];

async function startTrials(smoke: boolean): Promise<Trial[]> {
  await build({ entryPoints: [FIXTURE_SOURCE], outfile: FIXTURE, bundle: true, platform: 'node', logLevel: 'warning' });
  const fixtures = new Map<Era, string>();
  for (const era of ERAS) fixtures.set(era, await startFixture(era));
  const direct = fixtures.get('dual') ?? '';
  const gateway = await startGateway({
    name: 'conformance-gateway',
    mcpServers: {
      ...Object.fromEntries(ERAS.map((era) => [era, { url: fixtures.get(era), clientCapabilities: ALL }])),
      ...Object.fromEntries(ERAS.map((era) => [`stdio-${era}`, { ...stdioFixture(era), clientCapabilities: ALL }])),
    },
    policies: PERMIT_ALL,
    config: { anonymous: 'conformance', limits: { rates: UNREACHABLE_RATES } },
  });
  const through = (server: string, subject: string, gating?: boolean) => (requirements: Requirements) => ({
    subject,
    requirements,
    url: gateway.url(server),
    gating,
  });
  const every = (trial: (requirements: Requirements) => Trial) => REQUIREMENTS.map(trial);

  const trials: Trial[] = [
    ...every((requirements) => ({ subject: 'fixture alone', requirements, url: direct })),
    ...every(through('dual', 'gateway, fixture over HTTP', true)),
  ];
  if (smoke) return trials;
  return [
    ...trials,
    through('modern', 'gateway, modern-only over HTTP')('2025-11-25'),
    through('legacy', 'gateway, legacy-only over HTTP')('2026-07-28'),
    ...every(through('stdio-dual', 'gateway, fixture over stdio')),
    through('stdio-modern', 'gateway, modern-only over stdio')('2025-11-25'),
    through('stdio-legacy', 'gateway, legacy-only over stdio')('2026-07-28'),
  ];
}

/** The same checks where every request needs a token: nothing of the protocol may change by it. */
async function startAuthorizedTrials(): Promise<Trial[]> {
  await build({ entryPoints: [FIXTURE_SOURCE], outfile: FIXTURE, bundle: true, platform: 'node', logLevel: 'warning' });
  const fixture = await startFixture('dual');
  const tokens = await createTestIssuer();
  const keys = join(ROOT, '.bench', 'conformance', 'jwks.json');
  await writeFile(keys, JSON.stringify(tokens.jwks));
  const server = { url: fixture, clientCapabilities: ALL };
  const gateway = await startGateway({
    name: 'conformance-authorization',
    mcpServers: { bearer: server, dpop: { ...server, senderConstraint: 'required' } },
    policies: PERMIT_ALL,
    config: { identity: { issuer: tokens.issuer, jwks: keys }, limits: { rates: UNREACHABLE_RATES } },
  });
  const bearer = await startShim(gateway.url('bearer'), await tokens.bearer(gateway.url('bearer')));
  const dpop = await startShim(gateway.url('dpop'), await tokens.dpop(gateway.url('dpop')));
  return REQUIREMENTS.flatMap((requirements) => [
    { subject: 'gateway, bearer tokens', requirements, url: bearer, gating: true },
    { subject: 'gateway, DPoP-bound tokens', requirements, url: dpop, gating: true },
  ]);
}

/** The gateway's containers behind a balancer that gives each request to another one: any replica serves any request. */
async function startReplicatedTrials(replicas: number): Promise<Trial[]> {
  await build({ entryPoints: [FIXTURE_SOURCE], outfile: FIXTURE, bundle: true, platform: 'node', logLevel: 'warning' });
  const servers = await Promise.all(ERAS.map(async (era) => ({ name: era, url: await startFixture(era), clientCapabilities: ALL })));
  const issuer = await createTestIssuer();
  const { issuer: name, jwks } = issuer;
  const group = await startGroup({ name: 'conformance-replicas', replicas, servers, issuer: { issuer: name, jwks }, policies: [PERMIT_ALL] });
  const shim = async (server: string) => startShim(group.url(server), await issuer.bearer(group.url(server)));
  const dual = await shim('dual');
  return [
    ...REQUIREMENTS.map((requirements) => ({ subject: `${replicas} replicas, fixture over HTTP`, requirements, url: dual, gating: true })),
    { subject: `${replicas} replicas, modern-only over HTTP`, requirements: '2025-11-25', url: await shim('modern') },
    { subject: `${replicas} replicas, legacy-only over HTTP`, requirements: '2026-07-28', url: await shim('legacy') },
  ];
}

async function startFixture(era: Era): Promise<string> {
  const { line } = await start({
    command: process.execPath,
    args: [FIXTURE, '--era', era],
    cwd: ROOT,
    ready: { line: /^ready / },
  });
  return line.slice('ready '.length);
}

function stdioFixture(era: Era): { command: string; args: string[]; cwd: string } {
  return { command: process.execPath, args: [FIXTURE, '--stdio', '--era', era], cwd: ROOT };
}

async function readExpectedFailures(): Promise<ExpectedFailures> {
  return parse(await readFile(join(__dirname, 'expected-failures.yml'), 'utf8')) as ExpectedFailures;
}

function report(outcomes: readonly Outcome[], expected: ExpectedFailures, smoke: boolean): void {
  for (const requirements of REQUIREMENTS) {
    const rows = outcomes
      .filter((outcome) => outcome.requirements === requirements)
      .map(({ subject, score, gating }) => [
        subject,
        gating ? 'goal' : 'information',
        ...share(score.passed, score.failed.length),
        share(score.unscoredPassed, score.unscoredFailed.length)[0] ?? '',
        String(score.warnings.length),
      ]);
    const header = ['server under test', '', 'scored checks', 'passed', 'unscored', 'warnings'];
    console.log(table(`MCP ${requirements}`, header, rows));
  }
  for (const { subject, requirements, score, gating } of outcomes) {
    const shown = gating ? score.failed : score.failed.slice(0, SHOWN_FOR_INFORMATION);
    for (const check of [...shown, ...score.warnings]) {
      const message = (check.message ?? '').replaceAll(/\s+/g, ' ').slice(0, 300);
      console.log(`${requirements}  ${subject}  ${check.status}  ${nameOf(check)}  ${message}`);
    }
    const more = score.failed.length - shown.length;
    if (more > 0) console.log(`${requirements}  ${subject}  and ${more} more, see .bench/conformance/results/`);
  }
  conclude({ bench: 'conformance', goals: goalsOf(outcomes, expected, smoke), figures: outcomes.map(summary), smoke: false });
}

function goalsOf(outcomes: readonly Outcome[], expected: ExpectedFailures, partial: boolean): Goal[] {
  return outcomes
    .filter(({ gating }) => gating)
    .flatMap(({ subject, requirements, score }) => {
      const { unexpected, stale } = compare(score, expected[requirements]);
      const total = score.passed + score.failed.length;
      const goals: Goal[] = [
        {
          name: `${requirements}, ${subject}: scored checks that pass`,
          value: total === 0 ? 0 : (100 * (total - unexpected.length)) / total,
          limit: 100,
          direction: 'at least',
          unit: '%',
        },
      ];
      // A few scenarios say nothing of the others' entries.
      if (partial) return goals;
      for (const entry of stale) console.log(`${requirements}  expected to fail and does not: ${entry}`);
      return [
        ...goals,
        {
          name: `${requirements}, ${subject}: expected failures that pass`,
          value: stale.length,
          limit: 0,
          direction: 'at most',
        },
      ];
    });
}

function share(passed: number, failed: number): string[] {
  const total = passed + failed;
  return [`${passed} of ${total}`, total === 0 ? '-' : `${Math.floor((1000 * passed) / total) / 10} %`];
}

function summary({ subject, requirements, score, gating }: Outcome) {
  return {
    subject,
    requirements,
    gating: gating ?? false,
    passed: score.passed,
    failed: score.failed.map(nameOf),
    unscoredPassed: score.unscoredPassed,
    unscoredFailed: score.unscoredFailed.length,
    warnings: score.warnings.map(nameOf),
  };
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
