/** The gateway as a container in a zone: the proxy of the deployed function behind a server of its own, which ends without losing a request. */
import { escapeUnprintable } from '../audit/unprintable';
import { createServerDiscovery } from '../deployment/aws-discovery';
import { startProxyGateway } from '../deployment/aws-proxy';
import { openFunctionTracing } from '../deployment/aws-tracing';
import type { ServerSettings } from '../deployment/settings';
import type { DiscoveredServer } from '../onboarding';
import { openTracing, readTracingSettings, type OpenTracing } from '../telemetry';
import { startDiscoveries } from './discoveries';
import { ephemeralCertificate } from './ephemeral-certificate';
import { startContainerServer } from './server';
import { readContainerSettings, type ContainerSettings } from './settings';
import { startWhenPossible } from './start';

const SEND_MS = 1_000;

async function main(): Promise<void> {
  const settings = readContainerSettings(process.env);
  const certificate = settings.transport === 'tls' ? ephemeralCertificate('gateway', Date.now()) : undefined;
  const server = await startContainerServer({ ...settings, certificate, onError: report });
  const tracing = traceTo(settings.gateway.servers);
  const stopping = new AbortController();
  const stop = () => {
    stopping.abort();
    void server.drain().then(() => tracing?.close()).then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  server.serve(await startWhenPossible(() => startProxyGateway(settings.gateway, undefined, tracing?.tracer), { onError: report }));
  discover(settings, stopping.signal);
}

/** Finds what servers offer also where nobody uses it (TD-4), where nothing else asks them for a registry. */
function discover({ gateway: { servers, registry }, discoveryMs: intervalMs }: ContainerSettings, signal: AbortSignal): void {
  if (registry === undefined || intervalMs === 0) return;
  const tell = (server: DiscoveredServer) => console.log(escapeUnprintable(JSON.stringify({ kind: 'discovery', ...server })));
  startDiscoveries({ discover: createServerDiscovery({ servers, registry, report: tell }), intervalMs, signal, onError: report });
}

/** Traces of requests, where the variables of OpenTelemetry name a receiver for them (GW-4). */
function traceTo(servers: readonly ServerSettings[]): OpenTracing | undefined {
  if (process.env.MCP_TRACES_SIGNED_FOR) return traceSigned(servers);
  const settings = readTracingSettings(process.env);
  return settings && openTracing({ settings, servers: new Map(servers.map(({ name, url }) => [name, { transport: 'tcp', address: new URL(url).hostname }])), version: process.env.MCP_VERSION ?? '' });
}

/** A service of AWS takes requests with a signature alone, which the client of OpenTelemetry does not make. */
function traceSigned(servers: readonly ServerSettings[]): OpenTracing | undefined {
  const tracing = openFunctionTracing(process.env, { servers });
  if (tracing === undefined) return undefined;
  const timer = setInterval(tracing.flush, SEND_MS);
  return {
    tracer: tracing.tracer,
    async close() {
      clearInterval(timer);
      await tracing.flush();
    },
  };
}

/** One line, as everything that the gateway logs. Messages of our own errors hold no secrets; those of others are not repeated. */
function report(error: unknown): void {
  console.error(JSON.stringify({ level: 'error', message: error instanceof Error ? error.message : 'unknown error' }));
}

function fail(error: unknown): void {
  report(error);
  process.exit(1);
}

main().catch(fail);
