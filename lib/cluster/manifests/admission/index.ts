/** Rules by which the cluster refuses what would weaken the manifests: CEL as data, and the policies that it stands in. */
export { addAdmissionPolicies } from './policies';
export { POD_VARIABLES, podRules, type PodRuleOptions } from './pod-rules';
export { NETWORK_RULES, NETWORK_VARIABLES, RESPONDER_RULES, namespaceRules, sandboxRules, serviceRules } from './other-rules';
export type { AdmissionRule, AdmissionVariable } from './rule';
