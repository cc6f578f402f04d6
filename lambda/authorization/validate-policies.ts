import type { ValidationError } from '@cedar-policy/cedar-wasm/nodejs';
import { cedar } from './cedar-engine';
import type { EntityUid } from './entities';
import { lineAndColumn, utf16Offset, type PolicyLocation } from './load-policies';
import { nearest } from './nearest';
import { errorText, parsePolicySet, type Policy } from './policy-set';
import type { CedarSchema, LeftOutOfSchema } from './schema';
import { demandOf, STEP_UP_ANNOTATIONS } from './step-up';
import { ENTITY_TYPE, NAMESPACE, toolActionId } from './vocabulary';

export interface PolicyIssue {
  readonly policyId: string;
  /** `error`: the policy must not be used. `warning`: it can never have an effect on any valid request. */
  readonly severity: 'error' | 'warning';
  /** Says what is wrong and, where one is near, the name that was probably meant. */
  readonly message: string;
  /** In the policy's file where `locations` are given, otherwise in its own text; from 1. */
  readonly line?: number;
  readonly column?: number;
}

export interface ValidatePoliciesOptions {
  /**
   * Where each policy begins in its file, as loaded.
   *
   * @default - lines count from each policy's own first one
   */
  readonly locations?: Readonly<Record<string, PolicyLocation>>;
  /**
   * Arguments that the schema leaves out; a policy that reads one is an error.
   *
   * @default - not checked
   */
  readonly leftOut?: readonly LeftOutOfSchema[];
  /**
   * Names of all servers there are; a policy on another one, which Cedar takes for an entity like any other, is an error.
   *
   * @default - not checked
   */
  readonly servers?: readonly string[];
  /**
   * Text of templates by id, checked like policies.
   *
   * @default - none
   */
  readonly templates?: Readonly<Record<string, string>>;
  /**
   * Policies that fill the slots of a template.
   *
   * @default - none
   */
  readonly links?: readonly TemplateLink[];
}

/** A policy that is a template with its slots filled. */
export interface TemplateLink {
  readonly policyId: string;
  readonly templateId: string;
  readonly principal?: EntityUid;
  readonly resource?: EntityUid;
}

/**
 * What Cedar's validator, in strict mode, has to say of policies under a schema. Empty: all of them are sound.
 *
 * @throws Error when a policy or the schema does not parse.
 */
export function validatePolicies(
  policies: Readonly<Record<string, string>>,
  schema: CedarSchema,
  options: ValidatePoliciesOptions = {},
): readonly PolicyIssue[] {
  const { templates = {}, links = [] } = options;
  const texts = { ...policies, ...templates };
  const templateOf = new Map(links.map(({ policyId, templateId }) => [policyId, templateId]));
  const answer = cedar().validate({
    validationSettings: { mode: 'strict' },
    schema,
    policies: { staticPolicies: policies, templates, templateLinks: links.map(cedarLink) },
  });
  if (answer.type === 'failure') {
    throw new Error(`The policies or their schema cannot be read: ${errorText(answer.errors)}`);
  }
  const issue = (severity: PolicyIssue['severity'], { policyId, error }: ValidationError): PolicyIssue => ({
    policyId,
    severity,
    message: errorText([error]).replace(`for policy \`${policyId}\`, `, ''),
    ...place(texts, templateOf.get(policyId) ?? policyId, error.sourceLocations?.[0]?.start, options),
  });
  const errors = onceForAllActions(answer.validationErrors.map((found) => issue('error', found)));
  const erroneous = new Set(errors.map(({ policyId }) => policyId));
  const warnings = onceForAllActions(answer.validationWarnings.filter(({ policyId }) => !erroneous.has(policyId)).map((found) => issue('warning', found)));
  const parsed = parsePolicySet(policies).policies;
  return [...errors, ...warnings, ...leftOutIssues(policies, parsed, options), ...unknownEntities(texts, schema, options), ...stepUpIssues(policies, parsed, options)];
}

function cedarLink({ policyId, templateId, principal, resource }: TemplateLink) {
  return { newId: policyId, templateId, values: { ...(principal && { '?principal': principal }), ...(resource && { '?resource': resource }) } };
}

/** A string or a comment, in which nothing is an entity, or a server or tool by its name. */
const ENTITY = /\/\/[^\n]*|\bMcp\s*::\s*(Server|Tool|ServerGrants|ToolGrants)\s*::\s*"((?:[^"\\]|\\.)*)"|"(?:[^"\\]|\\.)*"/g;

/** Policies that name a server or a tool that is not there: such a `forbid` would be silent. */
function unknownEntities(policies: Readonly<Record<string, string>>, schema: CedarSchema, options: ValidatePoliciesOptions): PolicyIssue[] {
  const { servers } = options;
  if (servers === undefined) return [];
  const tools = Object.keys(schema[NAMESPACE]!.actions).filter((action) => action.includes('/'));
  const issues: PolicyIssue[] = [];
  for (const [policyId, text] of Object.entries(policies)) {
    for (const match of text.matchAll(ENTITY)) {
      const [, type, name] = match;
      if (type === undefined || name === undefined || name.includes('\\')) continue;
      const isServer = type.startsWith('Server');
      const known = isServer ? servers : tools;
      if (known.includes(name)) continue;
      const meant = nearest(name, known);
      const message = `there is no ${isServer ? 'server' : 'tool'} ${JSON.stringify(name)}${meant === undefined ? '' : ` (did you mean ${JSON.stringify(meant)}?)`}`;
      issues.push({ policyId, severity: 'error', message, ...placeAt(policies, policyId, match.index, options) });
    }
  }
  return issues;
}

const ACTION = /for Mcp::Action::"(?:[^"\\]|\\.)*"/;

/** Cedar says of each action what is wrong with a policy on many: once is enough, of the first of them by name. */
function onceForAllActions(issues: readonly PolicyIssue[]): PolicyIssue[] {
  const alike = new Map<string, PolicyIssue[]>();
  for (const issue of [...issues].sort((a, b) => (a.message < b.message ? -1 : 1))) {
    const key = JSON.stringify({ ...issue, message: issue.message.replace(ACTION, '') });
    alike.set(key, [...(alike.get(key) ?? []), issue]);
  }
  return [...alike.values()].map(([first, ...more]) => {
    if (more.length === 0) return first!;
    return { ...first!, message: first!.message.replace(ACTION, (action) => `${action} and ${more.length} other ${more.length === 1 ? 'action' : 'actions'}`) };
  });
}

function place(
  policies: Readonly<Record<string, string>>,
  policyId: string,
  start: number | undefined,
  options: ValidatePoliciesOptions,
): Partial<PolicyLocation> {
  return start === undefined ? {} : placeAt(policies, policyId, utf16Offset(policies[policyId]!, start), options);
}

function placeAt(policies: Readonly<Record<string, string>>, policyId: string, offset: number, options: ValidatePoliciesOptions): Partial<PolicyLocation> {
  const { line, column } = lineAndColumn(policies[policyId]!, offset);
  const origin = options.locations?.[policyId];
  if (origin === undefined) return { line, column };
  return { line: origin.line + line - 1, column: line === 1 ? origin.column + column - 1 : column };
}

/** A sign-in that a policy asks for in words that make no sense is never asked for. */
function stepUpIssues(policies: Readonly<Record<string, string>>, parsed: readonly Policy[], options: ValidatePoliciesOptions): PolicyIssue[] {
  const issues: PolicyIssue[] = [];
  for (const { id, effect, json } of parsed) {
    const annotations = (json.annotations ?? {}) as Readonly<Record<string, string | undefined>>;
    if (Object.values(STEP_UP_ANNOTATIONS).every((name) => annotations[name] === undefined)) continue;
    const wrong = effect === 'permit' ? 'only a forbid is lifted by signing in again' : demandOf(annotations) === undefined ? 'expected a number of seconds, or values of acr' : undefined;
    if (wrong !== undefined) issues.push({ policyId: id, severity: 'error', message: `the annotations @acr and @maxAge cannot be used: ${wrong}`, ...placeAt(policies, id, 0, options) });
  }
  return issues;
}

/** To Cedar an argument that the schema leaves out is merely absent; `has` on it is valid, and always false. */
function leftOutIssues(policies: Readonly<Record<string, string>>, parsed: readonly Policy[], options: ValidatePoliciesOptions): PolicyIssue[] {
  const leftOut = (options.leftOut ?? []).filter(({ path }) => path.length > 0);
  if (leftOut.length === 0) return [];
  const issues: PolicyIssue[] = [];
  for (const { id, action, reads } of parsed) {
    for (const { server, tool, path, reason } of leftOut) {
      const read = reads.context?.get('arguments')?.some((names) => path.every((name, index) => names[index] === name)) ?? false;
      const uid = { type: ENTITY_TYPE.Action, id: toolActionId(server, tool) };
      if (!read || !action({ uid, attrs: {}, parents: [{ type: ENTITY_TYPE.Action, id: 'callTool' }], key: '' })) continue;
      const message = `policies cannot read the argument ${path.join('.')} of ${uid.id}: ${reason}`;
      issues.push({ policyId: id, severity: 'error', message, ...place(policies, id, 0, options) });
    }
  }
  return issues;
}
