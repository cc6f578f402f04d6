/** What may reach the tools of MCP servers, and what of their answers may reach a model. */
export { DataAction, DataClass, InstructionAction } from './actions';
export { ArgumentRules } from './argument-rules';
export { DataGuard, type DataGuardPrincipals, type DataGuardProps } from './data-guard';
export { DlpService, type DlpServiceConfig, type DlpServiceOptions, type GuardrailDlpOptions } from './dlp-service';
export { Recognisers } from './recognisers';
export { StoredDataDiscovery, type StoredDataDiscoveryProps } from './stored-data-discovery';
