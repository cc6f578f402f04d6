import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { observeAll, registryOf, sightingsOf } from '../discovery';
import { DISCOVERY, type DiscoveredServer } from '../onboarding';
import { askServers } from './aws-ask';
import { CLIENT_LIMITS } from './aws-client-limits';
import { openRecords, registryClients } from './aws-registry';
import { createComparingScan } from './aws-scan';
import type { RegistrySettings } from './registry-settings';
import type { ServerSettings } from './settings';

export interface ServerDiscoveryOptions {
  readonly servers: readonly ServerSettings[];
  readonly registry: RegistrySettings;
  /** Hears of each server once it was asked. */
  readonly report: (server: DiscoveredServer) => void;
  /** @default - clients of this process */
  readonly dynamodb?: Parameters<typeof openRecords>[2];
  readonly secrets?: SecretsManagerClient;
}

/**
 * A discovery by the gateway itself, where nothing else reaches its servers: asks all of them and notes what they offer, with the right that the gateway has already to
 * note what it sees. What is new waits for review, what changed after its approval goes into quarantine (TD-2, TD-4).
 *
 * @returns what asks once, and answers whether every server did
 */
export function createServerDiscovery({ servers, registry: settings, report, dynamodb = registryClients().dynamodb, secrets = new SecretsManagerClient(CLIENT_LIMITS) }: ServerDiscoveryOptions): () => Promise<boolean> {
  const { scan, compareWith } = createComparingScan(settings);
  const { registry } = openRecords(settings, scan, dynamodb);
  return async () => {
    const results = [...(await askServers(servers, secrets))];
    const found = results.map(([server, result]) => sightingsOf(server, result));
    compareWith(registryOf(found.flat()));
    await observeAll(registry, found.flat(), DISCOVERY);
    for (const [index, [server, result]] of results.entries()) report({ server, offers: found[index]!.length, ...(result.ok ? {} : { failure: result.reason }) });
    return results.every(([, { ok }]) => ok);
  };
}
