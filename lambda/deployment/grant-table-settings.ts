import { readNumber, required, type Environment } from './environment';

/** What a function that uses grants is told; the constructs write it (`lib/access-grants/environment.ts`). */
export interface GrantTableSettings {
  readonly table: string;
  /** Where `/grants` and `/approvals` are, without a trailing slash. */
  readonly url: string;
  readonly maxLifetimeSeconds: number;
  readonly maxUses: number;
  readonly decideMs: number;
}

/** `undefined` where there are no grants. @throws Error that names the variable */
export function readOptionalGrantSettings(environment: Environment): GrantTableSettings | undefined {
  return environment.MCP_GRANTS_TABLE === undefined ? undefined : readGrantTableSettings(environment);
}

/** @throws Error that names the variable */
export function readGrantTableSettings(environment: Environment): GrantTableSettings {
  return {
    table: required(environment, 'MCP_GRANTS_TABLE'),
    url: required(environment, 'MCP_GRANTS_URL'),
    maxLifetimeSeconds: readNumber(environment, 'MCP_GRANTS_MAX_LIFETIME_SECONDS'),
    maxUses: readNumber(environment, 'MCP_GRANTS_MAX_USES'),
    decideMs: readNumber(environment, 'MCP_GRANTS_DECIDE_SECONDS') * 1_000,
  };
}
