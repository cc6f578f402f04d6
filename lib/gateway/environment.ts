import { Lazy, Stack, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { DecisionMode } from './decision-mode';
import type { McpServer } from './server';
import { issuerSettings, type McpTokenIssuer } from './token-issuer';

/**
 * The environment of the gateway's functions: all that they are told. Values are plain strings; what is structured is JSON.
 * Nothing in it is a secret.
 *
 * It travels in the environment, not in a parameter or a bucket, so that code and configuration are deployed as one, a review
 * of the template shows every change, and a cold start fetches nothing. AWS Lambda limits it to 4 KB in all, which holds about
 * thirty servers; synthesis fails beyond it.
 */
export const Variable = {
  /** Both. Origin, or origin and stage, of the gateway; a server is at `${MCP_PUBLIC_URL}/mcp/<name>`. */
  PUBLIC_URL: 'MCP_PUBLIC_URL',
  /** Both. JSON list of `{issuer, jwks, audiences?, groupsClaim?, acceptPlainJwt?, subjectPrefix?, introspection?, circumstanceClaims?}`; `jwks` is a URL or the key set itself. */
  ISSUERS: 'MCP_ISSUERS',
  /** Both. Scopes that every token must have, separated by spaces; absent for none. */
  SCOPES: 'MCP_SCOPES',
  /** Both. Id of the Amazon Verified Permissions policy store. */
  POLICY_STORE_ID: 'MCP_POLICY_STORE_ID',
  /** Both. JSON object of the ids of policy stores by the names of servers that have one of their own; absent for none. */
  POLICY_STORES: 'MCP_POLICY_STORES',
  /** Both. JSON object of address ranges by the names of network zones; absent for none. */
  NETWORK_ZONES: 'MCP_NETWORK_ZONES',
  /** Both. `in-process` or `service`. */
  DECISION_MODE: 'MCP_DECISION_MODE',
  /** Both. Seconds after which the copy of the policies is refreshed in the background; only `in-process`. */
  POLICY_REFRESH_SECONDS: 'MCP_POLICY_REFRESH_SECONDS',
  /** Both. Origins of browsers that may call, separated by spaces; absent for none. */
  ALLOWED_ORIGINS: 'MCP_ALLOWED_ORIGINS',
  /**
   * Authorizer. How API Gateway answers its two refusals: `challenge` where a deny becomes 401 with the challenge and the error
   * `Unauthorized` becomes 403; `plain` where the API keeps its own answers, which are the other way round.
   */
  REFUSALS: 'MCP_REFUSALS',
  /** Both. JSON object of `optional` or `required` by the names of servers that take bound tokens; absent for none. */
  SENDER_CONSTRAINTS: 'MCP_SENDER_CONSTRAINTS',
  /** All that write audit events. ARN of the key that certifies writers of audit events; absent where they are not signed. */
  AUDIT_KEY_ARN: 'MCP_AUDIT_KEY_ARN',
  /** Both. CloudWatch namespace of what behaviour raises; absent where it is not watched. */
  BEHAVIOUR_METRICS: 'MCP_BEHAVIOUR_METRICS',
  /** Proxy. Name of the table in which used proofs are noted; only with `MCP_SENDER_CONSTRAINTS`. */
  PROOF_TABLE: 'MCP_PROOF_TABLE',
  /** Proxy. Name of the table of whom the response to incidents blocks; only where there are no grants. */
  BLOCK_TABLE: 'MCP_BLOCK_TABLE',
  /** Proxy. JSON list of `{name, url, headersSecretArn?, normalize?, unknownArguments?, tokenRequirements?, credentials?}`. */
  SERVERS: 'MCP_SERVERS',
  /** Proxy. ARN of the secret that session ids, request state and argument digests are keyed with. */
  KEY_SECRET_ARN: 'MCP_KEY_SECRET_ARN',
  /** Container. Minutes after which all servers are asked again what they offer; absent where they are not, or something else asks. */
  DISCOVERY_MINUTES: 'MCP_DISCOVERY_MINUTES',
  /** Proxy. Largest request body in bytes. */
  MAX_BODY_BYTES: 'MCP_MAX_BODY_BYTES',
} as const;

/** What both functions are told. */
export interface SharedSettings {
  readonly publicUrl: string;
  readonly tokenIssuers: readonly McpTokenIssuer[];
  readonly scopes: readonly string[];
  readonly policyStoreId: string;
  readonly decisionMode: DecisionMode;
  readonly policyRefreshSeconds: number;
  readonly networkZones?: { readonly [zone: string]: readonly string[] };
  readonly allowedOrigins: readonly string[];
}

export function sharedEnvironment(scope: IConstruct, settings: SharedSettings): Record<string, string> {
  return withoutEmpty({
    [Variable.PUBLIC_URL]: settings.publicUrl,
    [Variable.ISSUERS]: Stack.of(scope).toJsonString(settings.tokenIssuers.map(issuerSettings)),
    [Variable.SCOPES]: settings.scopes.join(' '),
    [Variable.POLICY_STORE_ID]: settings.policyStoreId,
    [Variable.DECISION_MODE]: settings.decisionMode,
    [Variable.POLICY_REFRESH_SECONDS]: `${settings.policyRefreshSeconds}`,
    [Variable.NETWORK_ZONES]: settings.networkZones === undefined ? '' : JSON.stringify(settings.networkZones),
    [Variable.ALLOWED_ORIGINS]: settings.allowedOrigins.join(' '),
  });
}

/** The servers of a gateway as the proxy reads them, taken when the template is written: servers are added until then. */
export function serversVariable(scope: IConstruct, servers: () => readonly McpServer[]): string {
  return Lazy.uncachedString({ produce: () => Stack.of(scope).toJsonString(servers().map((server) => server._settings())) });
}

/** What servers whose tokens may or must be bound say of that. */
export function senderConstraintsVariable(scope: IConstruct, servers: readonly McpServer[]): string {
  return Stack.of(scope).toJsonString(Object.fromEntries(servers.map(({ serverName, senderConstraint }) => [serverName, senderConstraint])));
}

/** Ids of the policy stores of servers that have one of their own. */
export function policyStoresVariable(scope: IConstruct, servers: readonly McpServer[]): string {
  return Stack.of(scope).toJsonString(Object.fromEntries(servers.map(({ serverName, policyStore }) => [serverName, policyStore.policyStoreId])));
}

/** What AWS Lambda allows for all names and values together. */
const ENVIRONMENT_BYTES = 4096;
/** What a value that is known only when it is deployed is reckoned as: about the length of an ARN. */
const TOKEN_BYTES = 128;

/** Messages of a validation: whether the environment fits. */
export function environmentTooLarge(scope: IConstruct, environment: Readonly<Record<string, string>>): string[] {
  const bytes = Object.entries(environment).reduce((sum, [name, value]) => sum + name.length + bytesOf(scope, value), 0);
  if (bytes <= ENVIRONMENT_BYTES) return [];
  return [`the environment of the proxy function has about ${bytes} bytes, and AWS Lambda allows ${ENVIRONMENT_BYTES}: put some of the servers behind a second McpGateway`];
}

function bytesOf(scope: IConstruct, value: string): number {
  return resolvedBytes(Stack.of(scope).resolve(value));
}

function resolvedBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  const join = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  return join ? join[1].reduce((sum: number, part) => sum + resolvedBytes(part), 0) : TOKEN_BYTES;
}

function withoutEmpty(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Token.isUnresolved(value) || value !== ''));
}
