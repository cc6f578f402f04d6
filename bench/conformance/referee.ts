/** The official MCP conformance suite as the referee: how it is installed, run and read. */
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { run } from '../child-process';
import { ROOT, install } from '../install';

/** Requirement sets of the suite: what conformance to a revision of MCP asks for. */
export const REQUIREMENTS = ['2025-11-25', '2026-07-28'] as const;
export type Requirements = (typeof REQUIREMENTS)[number];

const SUITE = '@modelcontextprotocol/conformance';
const SUITE_VERSION = '0.2.0-alpha.12';
/** The suite needs Node.js 22. */
const NODE_VERSION = '22.23.3';
/** For one requirement set, in milliseconds; it takes a few seconds. */
const TIME_LIMIT_MS = 240_000;
/** For one scenario, in milliseconds. */
const SCENARIO_LIMIT_MS = 20_000;

/** One statement of the referee about one requirement. */
export interface Check {
  readonly scenario: string;
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  /** What was wrong. */
  readonly message?: string;
  /** Whether conformance depends on it; scenarios of extensions and later additions are run and not scored. */
  readonly scored: boolean;
}

/** Judges servers. */
export interface Referee {
  /**
   * Runs a requirement set against a server. A scored scenario that gives no result counts as one failed check,
   * `did-not-run`.
   *
   * @param name of the server under test; names the folder of the raw results under `.bench/conformance/results/`
   * @param only a few scenarios. @default - all of the set
   */
  judge(name: string, url: string, requirements: Requirements, only?: readonly string[]): Promise<readonly Check[]>;
}

/** Installs the suite, and a Node.js that can run it where this one cannot. */
export async function installReferee(): Promise<Referee> {
  const tooOld = Number(process.versions.node.split('.')[0]) < 22;
  const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const modules = await install('conformance', {
    [SUITE]: SUITE_VERSION,
    ...(tooOld && { [nodePackage]: NODE_VERSION }),
  });
  const node = tooOld ? join(modules, nodePackage, 'bin', 'node') : process.execPath;
  const suite = join(modules, SUITE);

  return {
    async judge(name, url, requirements, only) {
      const results = join(ROOT, '.bench', 'conformance', 'results', name, requirements);
      await rm(results, { recursive: true, force: true });
      const selections = only?.map((scenario) => ['--scenario', scenario, '--spec-version', requirements]) ?? [
        ['--requirements', requirements],
      ];
      for (const selection of selections) {
        await run({
          command: node,
          args: [
            join(suite, 'dist', 'index.js'),
            'server',
            ...['--url', url, '--timeout', String(SCENARIO_LIMIT_MS), '-o', results],
            ...selection,
          ],
          exitCodes: [0, 1], // 1: something failed, which the results tell in detail
          timeoutMs: TIME_LIMIT_MS,
        }).catch((error: unknown) => console.error(error instanceof Error ? error.message : error));
      }
      const scored = await scoredScenarios(suite, requirements);
      const checks = await readChecks(results, scored);
      const seen = new Set(checks.map(({ scenario }) => scenario));
      const absent = [...(only ?? scored)].filter((scenario) => !seen.has(scenario));
      return [
        ...checks,
        ...absent.map((scenario) => ({ scenario, id: 'did-not-run', status: 'FAILURE', scored: true }) as const),
      ];
    },
  };
}

async function scoredScenarios(suite: string, requirements: Requirements): Promise<ReadonlySet<string>> {
  const text = await readFile(join(suite, 'requirements', `${requirements}.yaml`), 'utf8');
  return new Set((parse(text) as { server: string[] }).server);
}

async function readChecks(results: string, scored: ReadonlySet<string>): Promise<Check[]> {
  const folders = await readdir(results).catch(() => []);
  const checks: Check[] = [];
  for (const folder of folders) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT/.exec(folder)?.[1];
    const text = await readFile(join(results, folder, 'checks.json'), 'utf8').catch(() => undefined);
    if (scenario === undefined || text === undefined) continue;
    const found = JSON.parse(text) as { id: string; status: Check['status']; errorMessage?: string }[];
    for (const { id, status, errorMessage } of found) {
      checks.push({ scenario, id, status, message: errorMessage, scored: scored.has(scenario) });
    }
  }
  return checks;
}
