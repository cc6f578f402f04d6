/** A container beside an MCP server that asks it over loopback, as a client would, and tells the kubelet: a kubelet can send GET only. */
import { startProbe } from './server';

async function main(): Promise<void> {
  const port = Number(process.env.MCP_PROBE_PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('the environment variable MCP_PROBE_PORT must be a port');
  process.once('SIGTERM', () => process.exit(0));
  await startProbe({ port, url: new URL(process.env.MCP_PROBE_URL ?? ''), timeoutMs: 4_000, holdMs: 3_000 });
}

main().catch((error: unknown) => {
  console.error(JSON.stringify({ level: 'error', message: (error as Error).message }));
  process.exit(1);
});
