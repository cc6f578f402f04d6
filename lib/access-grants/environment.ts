import { Lazy, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { AccessGrants } from './access-grants';
import type { ApproverSignIn } from './access-grants-props';

/** The environment of everything that works with grants. Values are plain strings; what is structured is JSON. */
export const GrantVariable = {
  /** Name of the table. */
  TABLE: 'MCP_GRANTS_TABLE',
  /** Where `/grants` and `/approvals` are, without a trailing slash. */
  URL: 'MCP_GRANTS_URL',
  MAX_LIFETIME_SECONDS: 'MCP_GRANTS_MAX_LIFETIME_SECONDS',
  MAX_USES: 'MCP_GRANTS_MAX_USES',
  /** How long people have to decide. */
  DECIDE_SECONDS: 'MCP_GRANTS_DECIDE_SECONDS',
  /** JSON list of the names of servers. */
  SERVERS: 'MCP_GRANTS_SERVERS',
  /** JSON: authorizationEndpoint, tokenEndpoint, clientId, scopes. */
  SIGN_IN: 'MCP_GRANTS_SIGN_IN',
  /** Name of the event bus. */
  EVENT_BUS: 'MCP_GRANTS_EVENT_BUS',
  /** ARN of the topic of the approvers. */
  TOPIC: 'MCP_GRANTS_TOPIC',
} as const;

/** What whoever uses grants needs. */
export function grantEnvironment({ tableName, limits }: AccessGrants, url: string): Record<string, string> {
  return {
    [GrantVariable.TABLE]: tableName,
    [GrantVariable.URL]: url,
    [GrantVariable.MAX_LIFETIME_SECONDS]: `${limits.maxLifetime.toSeconds()}`,
    [GrantVariable.MAX_USES]: `${limits.maxUses}`,
    [GrantVariable.DECIDE_SECONDS]: `${limits.decisionTime.toSeconds()}`,
  };
}

/** What the function of the pages needs besides; servers are added until the template is written. */
export function siteEnvironment(scope: IConstruct, signIn: ApproverSignIn, servers: () => readonly string[]): Record<string, string> {
  return {
    [GrantVariable.SERVERS]: Lazy.uncachedString({ produce: () => JSON.stringify(servers()) }),
    [GrantVariable.SIGN_IN]: Stack.of(scope).toJsonString({ ...signIn }),
  };
}
