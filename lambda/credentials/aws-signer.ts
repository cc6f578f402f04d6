import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSigV4 } from './aws-sigv4';
import type { UpstreamCredentials } from './upstream-credentials';

/** Signs with the role that this process runs in, found as the SDK of AWS finds it; nothing is looked up before the first request. */
export function createAwsSigner(): (service: string, region: string | undefined) => UpstreamCredentials {
  return (service, region) => {
    // Any client of the SDK knows the keys and the region of its surroundings.
    const { config } = new SecretsManagerClient(region === undefined ? {} : { region });
    return createSigV4({ service, region: region ?? config.region, keys: config.credentials });
  };
}
