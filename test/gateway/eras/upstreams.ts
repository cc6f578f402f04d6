import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { ServerOptions } from '../../../lambda/gateway';
import { startConformanceServer, type Era } from '../../fixtures/conformance-server';

const ROOT = join(__dirname, '..', '..', '..');

export interface Upstreams {
  readonly servers: readonly ServerOptions[];
  close(): Promise<void>;
}

export const UPSTREAMS = ['http-legacy', 'http-modern', 'http-dual', 'stdio-legacy', 'stdio-modern', 'stdio-dual'] as const;
export type UpstreamName = (typeof UPSTREAMS)[number];

/** Everything that a server may ask of a client. */
export const ALL = ['roots', 'sampling', 'elicitation'] as const;

/** The fixture server of the conformance suite in each of its eras, over each transport. */
export async function startUpstreams(): Promise<Upstreams> {
  const folder = mkdtempSync(join(tmpdir(), 'mzt-eras-'));
  const program = join(folder, 'fixture.js');
  buildSync({ entryPoints: [join(ROOT, 'test', 'fixtures', 'conformance-server', 'main.ts')], outfile: program, bundle: true, platform: 'node', logLevel: 'error' });
  const eras: readonly Era[] = ['legacy', 'modern', 'dual'];
  const running = await Promise.all(eras.map((era) => startConformanceServer({ era })));
  return {
    servers: [
      ...eras.map((era, index): ServerOptions => ({ name: `http-${era}`, clientCapabilities: ALL, upstream: { kind: 'http', url: running[index]?.url ?? '', headers: {} } })),
      ...eras.map((era): ServerOptions => ({ name: `stdio-${era}`, clientCapabilities: ALL, upstream: stdio(program, ['--stdio', '--era', era]) })),
    ],
    async close() {
      await Promise.all(running.map((server) => server.close()));
      rmSync(folder, { recursive: true });
    },
  };
}

/** A server of npm over stdio, by the path of its program in node_modules. */
export function installed(name: string, program: string, ...args: string[]): ServerOptions {
  return { name, upstream: stdio(join(ROOT, 'node_modules', ...program.split('/')), args) };
}

export function stdio(program: string, args: readonly string[]): Extract<ServerOptions['upstream'], { kind: 'stdio' }> {
  return { kind: 'stdio', command: process.execPath, args: [program, ...args], env: {} };
}
