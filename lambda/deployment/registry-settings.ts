import type { ApprovalPolicy, TwoPersonRule } from '../integrity';
import type { GuardrailSettings } from '../integrity/aws-bedrock-guardrail';
import type { StateMachines } from './aws-workflows';
import { readJson, readList, readNumber, required, type Environment } from './environment';
import type { ServerSettings } from './settings';

/** How a function finds the registry of tools; the constructs write it (`lib/registry/environment.ts`). */
export interface RegistrySettings {
  readonly table: string;
  /** ARN of the key that signs the log. */
  readonly signingKey: string;
  /** How long a head of the log is believed without being renewed, milliseconds. */
  readonly maxHeadAgeMs: number;
  readonly policy: ApprovalPolicy;
  /** Whose second opinion the scan asks for. @default - nobody's */
  readonly guardrail?: GuardrailSettings & { readonly fromScore?: number };
}

/** What the functions that deal with people are told besides. */
export interface OnboardingSettings extends RegistrySettings {
  /** How long before an approval ends its renewal is asked for, milliseconds. */
  readonly renewalNoticeMs: number;
  readonly workflows: StateMachines;
}

const TWO_PERSONS: readonly TwoPersonRule[] = ['sensitive', 'always', 'never'];
const DAY_MS = 86_400_000;

/** @throws Error that names the variable, when one is missing or is not what it should be: the function must not start */
export function readRegistrySettings(environment: Environment): RegistrySettings {
  return {
    table: required(environment, 'MCP_REGISTRY_TABLE'),
    signingKey: required(environment, 'MCP_REGISTRY_KEY'),
    maxHeadAgeMs: readNumber(environment, 'MCP_REGISTRY_MAX_HEAD_AGE_SECONDS') * 1000,
    policy: readApprovalPolicy(environment),
    guardrail: readGuardrailSettings(environment),
  };
}

/** The same, or nothing where no registry is named. @throws Error as `readRegistrySettings` */
export function readOptionalRegistrySettings(environment: Environment): RegistrySettings | undefined {
  return environment.MCP_REGISTRY_TABLE === undefined ? undefined : readRegistrySettings(environment);
}

/** @throws Error as `readRegistrySettings` */
export function readOnboardingSettings(environment: Environment): OnboardingSettings {
  return {
    ...readRegistrySettings(environment),
    renewalNoticeMs: readNumber(environment, 'MCP_REGISTRY_RENEWAL_NOTICE_DAYS') * DAY_MS,
    workflows: { review: environment.MCP_REGISTRY_REVIEW_WORKFLOW, discovery: environment.MCP_REGISTRY_DISCOVERY_WORKFLOW },
  };
}

/** @throws Error as `readRegistrySettings` */
export function readDiscoverSettings(environment: Environment): { readonly table: string; readonly servers: readonly ServerSettings[] } {
  return { table: required(environment, 'MCP_REGISTRY_TABLE'), servers: readList(environment, 'MCP_SERVERS') as readonly ServerSettings[] };
}

function readGuardrailSettings(environment: Environment): RegistrySettings['guardrail'] {
  if (environment.MCP_REGISTRY_GUARDRAIL === undefined) return undefined;
  const { id, version, fromScore } = readJson(environment, 'MCP_REGISTRY_GUARDRAIL');
  if (typeof id !== 'string' || typeof version !== 'string') throw new Error('MCP_REGISTRY_GUARDRAIL must have an id and a version');
  return { guardrailId: id, version, ...(typeof fromScore === 'number' ? { fromScore } : {}) };
}

function readApprovalPolicy(environment: Environment): ApprovalPolicy {
  const { twoPersons, sensitiveTools, approvalDays } = readJson(environment, 'MCP_REGISTRY_POLICY');
  const isPolicy = TWO_PERSONS.includes(twoPersons as TwoPersonRule) && Array.isArray(sensitiveTools) && typeof approvalDays === 'number' && approvalDays > 0;
  if (!isPolicy) throw new Error('MCP_REGISTRY_POLICY must have twoPersons, sensitiveTools and approvalDays');
  return { twoPersons: twoPersons as TwoPersonRule, sensitiveTools: sensitiveTools.map(String), approvalDays };
}
