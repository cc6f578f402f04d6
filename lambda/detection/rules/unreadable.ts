import type { RuleInfo } from './rule';

/** What is no object has nothing that a client could call. */
export const NO_DEFINITION: RuleInfo = { id: 'TP-002', severity: 'critical', sentence: 'It is not a tool definition.', owaspId: 'MCP03' };

/** What cannot be read to its end is not approved. */
export const TOO_LARGE: RuleInfo = { id: 'TP-001', severity: 'critical', sentence: 'It is too large or too deep to be checked.', safId: 'SAF-T1501', owaspId: 'MCP03' };
