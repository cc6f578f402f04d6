/** The gateway as a container in a zone: the proxy of the deployed function behind a server of its own, which ends without losing a request. */
import { startProxyGateway } from '../deployment/aws-proxy';
import { ephemeralCertificate } from './ephemeral-certificate';
import { startContainerServer } from './server';
import { readContainerSettings } from './settings';
import { startWhenPossible } from './start';

async function main(): Promise<void> {
  const settings = readContainerSettings(process.env);
  const certificate = settings.transport === 'tls' ? ephemeralCertificate('gateway', Date.now()) : undefined;
  const server = await startContainerServer({ ...settings, certificate, onError: report });
  const stop = () => void server.drain().then(() => process.exit(0), fail);
  process.once('SIGTERM', stop).once('SIGINT', stop);
  server.serve(await startWhenPossible(() => startProxyGateway(settings.gateway), { onError: report }));
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
