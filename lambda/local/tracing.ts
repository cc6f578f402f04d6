import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerOptions } from '../gateway';
import { openTracing, type OpenTracing, type TracedServer } from '../telemetry';
import type { LocalConfig } from './config';
import { packageRoot } from './package-root';

/** Traces of requests, where the configuration or the environment names a receiver for them (GW-4). */
export function openLocalTracing({ telemetry, servers }: Pick<LocalConfig, 'telemetry' | 'servers'>): OpenTracing | undefined {
  if (telemetry === undefined) return undefined;
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return openTracing({ settings: telemetry, servers: new Map(servers.map((server) => [server.name, tracedServer(server)])), version });
}

function tracedServer({ upstream }: ServerOptions): TracedServer {
  if (upstream.kind === 'stdio') return { transport: 'pipe' };
  const { hostname, port, protocol } = new URL(upstream.url);
  return { transport: 'tcp', address: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}
