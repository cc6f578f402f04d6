import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { probeServers, type ProbeResult } from '../discovery/probe';
import { serverOptions } from './aws-servers';
import type { ServerSettings } from './settings';

/** What each server offers, asked as the gateway would, with the server's own credential. @throws where a secret cannot be read */
export async function askServers(servers: readonly ServerSettings[], secrets = new SecretsManagerClient({})): Promise<ReadonlyMap<string, ProbeResult>> {
  const probe = await probeServers(await Promise.all(servers.map((server) => serverOptions(secrets, server))));
  await probe.close();
  return probe.results;
}
