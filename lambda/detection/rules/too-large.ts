import type { RuleInfo } from './rule';

/** What cannot be read to its end is not approved. */
export const TOO_LARGE: RuleInfo = { id: 'TP-001', severity: 'critical', sentence: 'It is too large or too deep to be checked.', safId: 'SAF-T1501', owaspId: 'MCP03' };
