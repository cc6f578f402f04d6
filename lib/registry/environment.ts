import { Lazy, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { IToolRegistry } from './registry-base';
import { TwoPersonRule } from './registry-props';
import type { RegisteredServerOptions } from './registry-props';

/** The environment of everything that works with a registry of tools. Values are plain strings; what is structured is JSON. */
export const RegistryVariable = {
  /** Name of the table. */
  TABLE: 'MCP_REGISTRY_TABLE',
  /** ARN of the key that signs the log. */
  KEY: 'MCP_REGISTRY_KEY',
  /** Seconds after its signature that the head of the log is believed. */
  MAX_HEAD_AGE_SECONDS: 'MCP_REGISTRY_MAX_HEAD_AGE_SECONDS',
  /** JSON: twoPersons, sensitiveTools, approvalDays. */
  POLICY: 'MCP_REGISTRY_POLICY',
  /** Days before an approval ends that its renewal is asked for. */
  RENEWAL_NOTICE_DAYS: 'MCP_REGISTRY_RENEWAL_NOTICE_DAYS',
  /** ARN of the state machine that waits for people. */
  REVIEW_WORKFLOW: 'MCP_REGISTRY_REVIEW_WORKFLOW',
  /** ARN of the state machine that asks all servers. */
  DISCOVERY_WORKFLOW: 'MCP_REGISTRY_DISCOVERY_WORKFLOW',
  /** ARN of the topic of review requests. */
  TOPIC: 'MCP_REGISTRY_TOPIC',
  /** Name of the event bus. */
  EVENT_BUS: 'MCP_REGISTRY_EVENT_BUS',
  /** JSON list of servers. */
  SERVERS: 'MCP_SERVERS',
} as const;

/** What people have decided on how approvals are given. */
export interface ApprovalSettings {
  readonly twoPersons: TwoPersonRule;
  readonly sensitiveTools: readonly string[];
  readonly approvalDays: number;
}

/** What whoever serves by the registry needs. The signer goes by its own policy, so a gateway may do without. */
export function registryEnvironment(registry: IToolRegistry, policy: ApprovalSettings = { twoPersons: TwoPersonRule.SENSITIVE, sensitiveTools: [], approvalDays: 90 }): Record<string, string> {
  return {
    [RegistryVariable.TABLE]: registry.tableName,
    [RegistryVariable.KEY]: registry.signingKeyArn,
    [RegistryVariable.MAX_HEAD_AGE_SECONDS]: `${registry.headMaxAge.toSeconds()}`,
    [RegistryVariable.POLICY]: JSON.stringify(policy),
  };
}

/** The servers as the function reads them that asks them, taken when the template is written: servers are added until then. */
export function registeredServersVariable(scope: IConstruct, servers: ReadonlyMap<string, RegisteredServerOptions>): string {
  return Lazy.uncachedString({
    produce: () => Stack.of(scope).toJsonString([...servers].map(([name, { url, headersSecret, unsafeAllowPlainHttp }]) => ({ name, url, headersSecretArn: headersSecret?.secretArn, unsafeAllowPlainHttp }))),
  });
}
