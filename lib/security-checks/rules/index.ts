/** All rules, one a file. `README.md` of the folder above lists them. */
import type { SecurityRule } from '../rule';
import { agentCoreGatewayAuthorized } from './agentcore-gateway-authorized';
import { authorizerNotCached } from './authorizer-not-cached';
import { containerReadOnly } from './container-read-only';
import { containerUnprivileged } from './container-unprivileged';
import { dnsFirewallFailsClosed } from './dns-firewall-fails-closed';
import { endpointNotEdge } from './endpoint-not-edge';
import { endpointPolicyNamed } from './endpoint-policy-named';
import { firewallDropsByDefault } from './firewall-drops-by-default';
import { functionUrlAuthorized } from './function-url-authorized';
import { imageByDigest } from './image-by-digest';
import { logGroupEncrypted } from './log-group-encrypted';
import { logGroupRetained } from './log-group-retained';
import { methodAuthorized } from './method-authorized';
import { noSecretInEnvironment } from './no-secret-in-environment';
import { noTestInvoke } from './no-test-invoke';
import { noWildcardAction } from './no-wildcard-action';
import { policyHasScope } from './policy-has-scope';
import { policyStoreProtected } from './policy-store-protected';
import { policyStoreStrict } from './policy-store-strict';
import { repositoryScanned } from './repository-scanned';
import { routeAuthorized } from './route-authorized';
import { serviceNotPublic } from './service-not-public';
import { serviceWithoutShell } from './service-without-shell';
import { stageHasWebAcl } from './stage-has-web-acl';
import { stageLogged } from './stage-logged';
import { stageThrottled } from './stage-throttled';
import { stageTraced } from './stage-traced';
import { streamHasTime } from './stream-has-time';
import { tlsFloor } from './tls-floor';

export const SECURITY_RULES: readonly SecurityRule[] = [
  methodAuthorized,
  routeAuthorized,
  functionUrlAuthorized,
  agentCoreGatewayAuthorized,
  authorizerNotCached,
  noTestInvoke,
  endpointNotEdge,
  streamHasTime,
  tlsFloor,
  stageHasWebAcl,
  stageThrottled,
  stageLogged,
  stageTraced,
  logGroupEncrypted,
  logGroupRetained,
  noWildcardAction,
  noSecretInEnvironment,
  policyStoreStrict,
  policyStoreProtected,
  policyHasScope,
  endpointPolicyNamed,
  dnsFirewallFailsClosed,
  firewallDropsByDefault,
  serviceNotPublic,
  serviceWithoutShell,
  containerReadOnly,
  containerUnprivileged,
  imageByDigest,
  repositoryScanned,
];
