/** The gateway on one machine: a configuration file or the demo in, an HTTP server in front of MCP servers out. */
export type { BehaviourWatcher } from './behaviour';
export { auditKeyBeside, checkpointsBeside, openAuditFile, type AuditFileConfig } from './audit-file';
export * from './config';
export { createDemo, TOKEN_LIFETIME_SECONDS, type Demo, type DemoCall, type DemoPrincipal } from './demo';
export { APPROVERS, localPrincipal, openLocalGrants, signInUrl, writeGrantEvent, type GrantWatcher, type LocalGrants } from './grants';
export { startLocalGateway, type LocalGateway, type LocalServer } from './local-gateway';
export { LOCAL_USER, readPolicies } from './policies';
export { probeServers, type Probe, type ProbeResult } from '../discovery';
export { openLocalRegistry, RegistryNotTrusted, writeChange, type LocalRegistry, type RegistryWatcher } from './registry';
export { openLocalResponse, writeResponse, type LocalResponse, type ResponseWatcher } from './response';
export { StartError } from './start-error';
export { whyUnreadable } from './unreadable';
export { createStyle, describeDemo, describeGateway, type Style } from './welcome';
