import { isJsonObject } from '../protocol';
import { SEVERITIES, type AlarmMeaning, type Estate, type ResponsePolicy } from '../response';
import type { LinesOfWorkload } from '../response/executors/aws-evidence';
import type { IpSet } from '../response/executors/aws-waf';
import { readJson, readList, required, type Environment } from './environment';

/** What every function of the response is told; the constructs write it (`lib/observability/response/environment.ts`). */
export interface ResponseSettings {
  /** Table of incidents, actions and containments. */
  readonly table: string;
  readonly policy: ResponsePolicy;
  readonly estate: Estate;
}

/** What the function that takes incidents on is told besides. */
export interface PlanSettings extends ResponseSettings {
  /** By the names of alarms. */
  readonly alarms: Readonly<Record<string, AlarmMeaning>>;
}

/** Which actions a function has the right to: what is absent it cannot do. */
export interface ActSettings extends ResponseSettings {
  readonly registryTable?: string;
  readonly grantsTable?: string;
  readonly ipSets?: { readonly ipv4: IpSet; readonly ipv6: IpSet };
  readonly isolationGroup?: string;
  /** The function that alone reaches the API of a cluster. */
  readonly clusterFunction?: ClusterFunction;
  readonly evidence?: EvidenceSettings;
  readonly topic?: string;
}

/** Where evidence is kept, and read. */
export interface EvidenceSettings {
  readonly bucket: string;
  readonly region: string;
  readonly urlSuffix: string;
  /** Log groups of the gateway. */
  readonly auditLogs: readonly string[];
  /** Where containers write, by the name of the server. */
  readonly lines: Readonly<Record<string, LinesOfWorkload>>;
  /** For how long copies of disks are locked, days. @default - no disk is copied */
  readonly diskLockDays?: number;
}

export interface ClusterFunction {
  readonly name: string;
  readonly region: string;
  readonly urlSuffix: string;
}

/** @throws Error that names the variable, when one is missing or is not what it should be: the function must not start */
export function readResponseSettings(environment: Environment): ResponseSettings {
  return { table: required(environment, 'MCP_RESPONSE_TABLE'), policy: readPolicy(environment), estate: { workloads: readJson(environment, 'MCP_RESPONSE_WORKLOADS') as Estate['workloads'] } };
}

/** @throws Error as `readResponseSettings` */
export function readPlanSettings(environment: Environment): PlanSettings {
  const { estate, ...settings } = readResponseSettings(environment);
  return { ...settings, estate: { ...estate, eksClusters: readList(environment, 'MCP_RESPONSE_EKS_CLUSTERS') as string[] }, alarms: readJson(environment, 'MCP_RESPONSE_ALARMS') as unknown as PlanSettings['alarms'] };
}

/** @throws Error as `readResponseSettings` */
export function readActSettings(environment: Environment): ActSettings {
  return {
    ...readResponseSettings(environment),
    registryTable: environment.MCP_REGISTRY_TABLE,
    grantsTable: environment.MCP_GRANTS_TABLE,
    ipSets: environment.MCP_RESPONSE_IP_SETS === undefined ? undefined : readIpSets(environment),
    isolationGroup: environment.MCP_RESPONSE_ISOLATION_GROUP,
    clusterFunction: environment.MCP_RESPONSE_CLUSTER_FUNCTION === undefined ? undefined : { name: environment.MCP_RESPONSE_CLUSTER_FUNCTION, region: required(environment, 'AWS_REGION'), urlSuffix: required(environment, 'MCP_URL_SUFFIX') },
    evidence: environment.MCP_RESPONSE_EVIDENCE_BUCKET === undefined ? undefined : readEvidence(environment),
    topic: environment.MCP_RESPONSE_TOPIC,
  };
}

function readEvidence(environment: Environment): EvidenceSettings {
  const { auditLogs, lines, diskLockDays } = readJson(environment, 'MCP_RESPONSE_EVIDENCE');
  if (!Array.isArray(auditLogs) || !isJsonObject(lines as never)) throw new Error('MCP_RESPONSE_EVIDENCE must have auditLogs and lines');
  const read = { auditLogs, lines, ...(diskLockDays === undefined ? {} : { diskLockDays }) } as Pick<EvidenceSettings, 'auditLogs' | 'lines' | 'diskLockDays'>;
  return { bucket: required(environment, 'MCP_RESPONSE_EVIDENCE_BUCKET'), region: required(environment, 'AWS_REGION'), urlSuffix: required(environment, 'MCP_URL_SUFFIX'), ...read };
}

function readPolicy(environment: Environment): ResponsePolicy {
  const { automaticFrom, approvalFor, protected: spared, dryRun } = readJson(environment, 'MCP_RESPONSE_POLICY');
  const isPolicy = SEVERITIES.includes(automaticFrom as (typeof SEVERITIES)[number]) && Array.isArray(approvalFor) && Array.isArray(spared) && typeof dryRun === 'boolean';
  if (!isPolicy) throw new Error('MCP_RESPONSE_POLICY must have automaticFrom, approvalFor, protected and dryRun');
  return { automaticFrom, approvalFor, protected: spared, dryRun } as ResponsePolicy;
}

function readIpSets(environment: Environment): { readonly ipv4: IpSet; readonly ipv6: IpSet } {
  const sets = readJson(environment, 'MCP_RESPONSE_IP_SETS');
  const setOf = (value: unknown): IpSet => {
    if (!isJsonObject(value as never)) throw new Error('MCP_RESPONSE_IP_SETS must have ipv4 and ipv6, each with a name and an id');
    const { name, id } = value as { readonly name?: unknown; readonly id?: unknown };
    if (typeof name !== 'string' || typeof id !== 'string') throw new Error('MCP_RESPONSE_IP_SETS must have ipv4 and ipv6, each with a name and an id');
    return { name, id };
  };
  return { ipv4: setOf(sets.ipv4), ipv6: setOf(sets.ipv6) };
}
