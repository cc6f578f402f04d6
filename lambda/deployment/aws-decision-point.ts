import { VerifiedPermissionsClient } from '@aws-sdk/client-verifiedpermissions';
import type { DecisionPoint } from '../authorization';
import { createStoreDecisionPoint, createStorePolicySource } from '../authorization/aws-policy-store';
import { createVerifiedPermissionsDecisionPoint } from '../authorization/aws-verified-permissions';
import { withNetworkZones } from '../authorization/network-zones';
import { createRoutedDecisionPoint } from '../authorization/routed-decision-point';
import { withStepUp } from '../authorization/step-up';
import { createTokenAuthenticator, type Authenticator, type ReplayStore } from '../identity';
import type { SharedSettings } from './settings';

/** Decisions by the policies of the store, or of a server's own: by the service, or by Cedar in this process on a copy that is kept fresh. */
export function decisionPointOf({ decisionMode, policyStoreId, policyStores, networkZones, policyRefreshMs }: SharedSettings, client = new VerifiedPermissionsClient({})): DecisionPoint {
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

export function authenticatorOf({ issuers, scopes }: SharedSettings, replayStore?: ReplayStore): Authenticator {
  return createTokenAuthenticator({ issuers, requiredScopes: scopes, dpop: { replayStore } });
}
