import { VerifiedPermissionsClient } from '@aws-sdk/client-verifiedpermissions';
import type { DecisionPoint } from '../authorization';
import { createStoreDecisionPoint, createStorePolicySource } from '../authorization/aws-policy-store';
import { createVerifiedPermissionsDecisionPoint } from '../authorization/aws-verified-permissions';
import { createTokenAuthenticator, type Authenticator } from '../identity';
import type { SharedSettings } from './settings';

/** Decisions by the policies of the store: by the service, or by Cedar in this process on a copy that is kept fresh. */
export function decisionPointOf({ decisionMode, policyStoreId, policyRefreshMs }: SharedSettings, client = new VerifiedPermissionsClient({})): DecisionPoint {
  if (decisionMode === 'service') return createVerifiedPermissionsDecisionPoint({ client, policyStoreId });
  return createStoreDecisionPoint(createStorePolicySource({ client, policyStoreId, refreshMs: policyRefreshMs }));
}

export function authenticatorOf({ issuers, scopes }: SharedSettings): Authenticator {
  return createTokenAuthenticator({ issuers, requiredScopes: scopes });
}
