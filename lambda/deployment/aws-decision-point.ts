import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { VerifiedPermissionsClient } from '@aws-sdk/client-verifiedpermissions';
import type { DecisionPoint } from '../authorization';
import { createStoreDecisionPoint, createStorePolicySource } from '../authorization/aws-policy-store';
import { createVerifiedPermissionsDecisionPoint } from '../authorization/aws-verified-permissions';
import { withNetworkZones } from '../authorization/network-zones';
import { createRoutedDecisionPoint } from '../authorization/routed-decision-point';
import { withStepUp } from '../authorization/step-up';
import { secretsManagerSecret } from '../credentials/aws-secret';
import { createTokenAuthenticator, type Authenticator, type ClientAuthentication, type IntrospectionOptions, type ReplayStore } from '../identity';
import { CLIENT_LIMITS } from './aws-client-limits';
import type { IntrospectionSettings, SharedSettings } from './settings';

/** Decisions by the policies of the store, or of a server's own: by the service, or by Cedar in this process on a copy that is kept fresh. */
export function decisionPointOf({ decisionMode, policyStoreId, policyStores, networkZones, policyRefreshMs }: SharedSettings, client = new VerifiedPermissionsClient(CLIENT_LIMITS)): DecisionPoint {
  const points = new Map<string, DecisionPoint>();
  const inProcess = (storeId: string): DecisionPoint => {
    const source = createStorePolicySource({ client, policyStoreId: storeId, refreshMs: policyRefreshMs });
    return withStepUp(createStoreDecisionPoint(source), source);
  };
  const pointOf = (storeId: string): DecisionPoint => {
    const known = points.get(storeId);
    if (known !== undefined) return known;
    const point = decisionMode === 'service' ? createVerifiedPermissionsDecisionPoint({ client, policyStoreId: storeId }) : inProcess(storeId);
    points.set(storeId, point);
    return point;
  };
  const byServer = new Map([...policyStores].map(([server, storeId]) => [server, pointOf(storeId)]));
  const point = createRoutedDecisionPoint(byServer, pointOf(policyStoreId));
  return Object.keys(networkZones).length === 0 ? point : withNetworkZones(point, networkZones);
}

/** @param replayStore where used proofs are noted. @default - in the memory of this instance */
export function authenticatorOf({ issuers, scopes }: SharedSettings, replayStore?: ReplayStore, secrets = new SecretsManagerClient(CLIENT_LIMITS)): Authenticator {
  const trusted = issuers.map(({ introspection, ...issuer }) => ({ ...issuer, introspection: introspection && introspectionOf(introspection, secrets) }));
  return createTokenAuthenticator({ issuers: trusted, requiredScopes: scopes, dpop: { replayStore } });
}

function introspectionOf({ endpoint, clientId, clientSecret, privateKey, keyId, cacheSeconds }: IntrospectionSettings, secrets: SecretsManagerClient): IntrospectionOptions {
  const place = privateKey ?? clientSecret;
  if (place === undefined) throw new Error('the environment variable MCP_ISSUERS has an introspection without a secret');
  const secret = secretsManagerSecret(secrets, place.secretArn, place.key);
  const read = () => secret.read();
  const client: ClientAuthentication = privateKey === undefined ? { method: 'client_secret_basic', clientId, secret: read } : { method: 'private_key_jwt', clientId, key: read, keyId };
  return { endpoint: endpoint === undefined ? undefined : new URL(endpoint), cacheSeconds, client };
}
