import type { CredentialSettings } from '../credentials';
import { SENDER_CONSTRAINTS, type SenderConstraint, type TokenRequirement, type TrustedIssuer } from '../identity';
import { createZoneLookup, type NetworkZones } from '../authorization/network-zones';
import { isJsonObject } from '../protocol';
import { readAuditLogSettings, type AuditLogSettings } from './aws-audit-log';
import type { DataGuardSettings } from './aws-guard';
import { readJson, readList, readNumber, required, words, type Environment } from './environment';
import { readOptionalGrantSettings, type GrantTableSettings } from './grant-table-settings';
import { readOptionalRegistrySettings, type RegistrySettings } from './registry-settings';

/** What the gateway's functions are told by their environment; the constructs write it (`lib/gateway/environment.ts`). */
export interface SharedSettings {
  readonly publicUrl: string;
  readonly issuers: readonly IssuerSettings[];
  readonly scopes: readonly string[];
  readonly policyStoreId: string;
  /** Ids of the policy stores of servers that have one of their own. */
  readonly policyStores: ReadonlyMap<string, string>;
  /** Address ranges by the names that policies know them by; empty for none. */
  readonly networkZones: NetworkZones;
  readonly decisionMode: 'in-process' | 'service';
  readonly policyRefreshMs: number;
  readonly allowedOrigins: readonly string[];
  /** How audit events are written. */
  readonly auditLog: AuditLogSettings;
  /** CloudWatch namespace of what behaviour raises. @default - behaviour is not watched */
  readonly behaviourMetrics?: string;
  /** Of servers whose tokens may or must be bound to a key. */
  readonly senderConstraints: ReadonlyMap<string, SenderConstraint>;
}

/** An issuer as functions are told of it. */
export interface IssuerSettings extends Omit<TrustedIssuer, 'introspection'> {
  readonly introspection?: IntrospectionSettings;
}

/** How an issuer is asked about opaque tokens, and who we are there. */
export interface IntrospectionSettings {
  /** @default - as the issuer's metadata says */
  readonly endpoint?: string;
  readonly clientId: string;
  /** One of the two. */
  readonly clientSecret?: SecretPlace;
  readonly privateKey?: SecretPlace;
  readonly keyId?: string;
  readonly cacheSeconds?: number;
}

/** A secret of AWS Secrets Manager, or one text of the JSON object that it is. */
export interface SecretPlace {
  readonly secretArn: string;
  readonly key?: string;
}

/** One server as the proxy is told of it. */
export interface ServerSettings {
  readonly name: string;
  readonly url: string;
  /** Secret whose value is a JSON object of headers that every request to the server carries. */
  readonly headersSecretArn?: string;
  readonly normalize?: boolean;
  readonly unknownArguments?: 'refuse' | 'allow';
  readonly clientCapabilities?: readonly ('roots' | 'sampling' | 'elicitation')[];
  /** Plain http to a server that is not on this machine. */
  readonly unsafeAllowPlainHttp?: boolean;
  readonly tokenRequirements?: readonly TokenRequirement[];
  readonly credentials?: CredentialSettings<SecretPlace>;
  /** @default - the server has no guard */
  readonly dataGuard?: DataGuardSettings;
}

export interface ProxySettings extends SharedSettings {
  readonly servers: readonly ServerSettings[];
  readonly keySecretArn: string;
  readonly maxBodyBytes: number;
  /** Table in which all instances note used proofs. @default - no server takes bound tokens */
  readonly proofTable?: string;
  /** @default - there are no grants */
  readonly grants?: GrantTableSettings;
  /** Table of whom the response to incidents blocks, where there are no grants. @default - nobody is blocked */
  readonly blockTable?: string;
  /** @default - there is no registry of tools: the policies alone decide */
  readonly registry?: RegistrySettings;
}

export interface AuthorizerSettings extends SharedSettings {
  /**
   * `challenge`: the API answers a deny with 401 and the challenge in its context, and the error `Unauthorized` with 403.
   * `plain`: it answers a deny with 403 and `Unauthorized` with 401, as API Gateway does by itself.
   */
  readonly refusals: 'challenge' | 'plain';
}

/** @throws Error that names the variable, when one is missing or is not what it should be: the function must not start */
export function readSharedSettings(environment: Environment): SharedSettings {
  const decisionMode = required(environment, 'MCP_DECISION_MODE');
  if (decisionMode !== 'in-process' && decisionMode !== 'service') throw new Error('MCP_DECISION_MODE must be in-process or service');
  const issuers = readList(environment, 'MCP_ISSUERS') as readonly (Omit<IssuerSettings, 'jwks'> & { readonly jwks: string | Exclude<NonNullable<TrustedIssuer['jwks']>, URL> })[];
  return {
    publicUrl: required(environment, 'MCP_PUBLIC_URL').replace(/\/$/, ''),
    issuers: issuers.map((issuer) => ({ ...issuer, jwks: typeof issuer.jwks === 'string' ? new URL(issuer.jwks) : issuer.jwks })),
    scopes: words(environment.MCP_SCOPES),
    policyStoreId: required(environment, 'MCP_POLICY_STORE_ID'),
    policyStores: readPolicyStores(environment.MCP_POLICY_STORES),
    networkZones: readNetworkZones(environment.MCP_NETWORK_ZONES),
    decisionMode,
    policyRefreshMs: readNumber(environment, 'MCP_POLICY_REFRESH_SECONDS') * 1000,
    allowedOrigins: words(environment.MCP_ALLOWED_ORIGINS),
    auditLog: readAuditLogSettings(environment),
    behaviourMetrics: environment.MCP_BEHAVIOUR_METRICS,
    senderConstraints: readSenderConstraints(environment),
  };
}

/** @throws Error as `readSharedSettings` */
export function readProxySettings(environment: Environment): ProxySettings {
  return {
    ...readSharedSettings(environment),
    servers: readList(environment, 'MCP_SERVERS') as readonly ServerSettings[],
    keySecretArn: required(environment, 'MCP_KEY_SECRET_ARN'),
    maxBodyBytes: readNumber(environment, 'MCP_MAX_BODY_BYTES'),
    proofTable: environment.MCP_PROOF_TABLE,
    grants: readOptionalGrantSettings(environment),
    blockTable: environment.MCP_BLOCK_TABLE,
    registry: readOptionalRegistrySettings(environment),
  };
}

/** @throws Error as `readSharedSettings` */
export function readAuthorizerSettings(environment: Environment): AuthorizerSettings {
  const refusals = required(environment, 'MCP_REFUSALS');
  if (refusals !== 'challenge' && refusals !== 'plain') throw new Error('MCP_REFUSALS must be challenge or plain');
  return { ...readSharedSettings(environment), refusals };
}

/** An entry that cannot be read must stop the function: without it, the wrong policies would decide. */
function readPolicyStores(value: string | undefined): ReadonlyMap<string, string> {
  if (value === undefined || value === '') return new Map();
  try {
    const stores = JSON.parse(value) as unknown;
    if (isJsonObject(stores) && Object.values(stores).every((id) => typeof id === 'string' && id !== '')) return new Map(Object.entries(stores) as [string, string][]);
  } catch {
    // Said below, without the value.
  }
  throw new Error('the environment variable MCP_POLICY_STORES must be a JSON object of policy store ids by server');
}

function readSenderConstraints(environment: Environment): ReadonlyMap<string, SenderConstraint> {
  const constraints = new Map<string, SenderConstraint>();
  if (environment.MCP_SENDER_CONSTRAINTS === undefined) return constraints;
  for (const [server, given] of Object.entries(readJson(environment, 'MCP_SENDER_CONSTRAINTS'))) {
    const constraint = SENDER_CONSTRAINTS.find((known) => known === given);
    if (constraint === undefined) throw new Error('the environment variable MCP_SENDER_CONSTRAINTS must hold off, optional or required for each server');
    constraints.set(server, constraint);
  }
  return constraints;
}

function readNetworkZones(value: string | undefined): NetworkZones {
  if (value === undefined || value === '') return {};
  const zones = JSON.parse(value) as NetworkZones;
  createZoneLookup(zones);
  return zones;
}
