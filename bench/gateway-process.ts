/** Our gateway as users run it: `mcp-zero-trust local` on a configuration file, as a process of its own. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, start, type Running } from './child-process';
import { ROOT } from './install';

const UNREACHABLE_RATE = { requests: 1_000_000_000, seconds: 60 };

/** `limits.rates` of the configuration file under which every request is counted and none is refused. */
export const UNREACHABLE_RATES = {
  perAddress: UNREACHABLE_RATE,
  perPrincipal: UNREACHABLE_RATE,
  perEndpoint: UNREACHABLE_RATE,
};

/** What is put in front of what. */
export interface GatewaySetup {
  /** Names the folder under `.bench/` where its files are written. */
  readonly name: string;
  /** `mcpServers` of the configuration file. */
  readonly mcpServers: Readonly<Record<string, unknown>>;
  /** Cedar. */
  readonly policies: string;
  /** The other keys of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Options of Node.js itself, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

/** A running gateway. */
export interface RunningGateway extends Running {
  /** URL of the endpoint of one of its servers. */
  url(server: string): string;
}

/** Writes the configuration and starts the gateway. @throws when it is not built or does not start */
export async function startGateway(setup: GatewaySetup): Promise<RunningGateway> {
  const program = join(ROOT, 'dist', 'bin', 'mcp-zero-trust.js');
  if (!existsSync(program)) throw new Error(`${program} does not exist: run "npm run build" first.`);
  const home = join(ROOT, '.bench', setup.name);
  const port = await freePort();
  await mkdir(join(home, 'policies'), { recursive: true });
  await writeFile(join(home, 'policies', 'bench.cedar'), setup.policies);
  const config = join(home, 'config.json');
  await writeFile(
    config,
    JSON.stringify({ listen: `127.0.0.1:${port}`, policies: 'policies', mcpServers: setup.mcpServers, ...setup.config }, null, 2),
  );
  const running = await start({
    command: process.execPath,
    args: [...(setup.nodeOptions ?? []), program, 'local', '--config', config],
    cwd: home,
    ready: { port },
    silent: true, // a line for every decision
    timeoutMs: 60_000,
  });
  return { ...running, url: (server) => `http://127.0.0.1:${port}/mcp/${server}` };
}
