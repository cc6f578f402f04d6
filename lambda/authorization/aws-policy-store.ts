import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import {
  BatchGetPolicyCommand,
  GetPolicyTemplateCommand,
  paginateListPolicies,
  type BatchGetPolicyOutputItem,
  type EntityIdentifier,
  type TemplateLinkedPolicyDefinitionDetail,
  type VerifiedPermissionsClient,
} from '@aws-sdk/client-verifiedpermissions';
import { createCedarDecisionPoint, type PolicySource } from './cedar-decision-point';
import { cedar } from './cedar-engine';
import type { DecisionPoint } from './decision';
import { errorText, parsePolicySet, type PolicySet } from './policy-set';

export interface StorePolicySourceOptions {
  readonly client: VerifiedPermissionsClient;
  readonly policyStoreId: string;
  /**
   * Milliseconds after which the policies are read again, in the background of the next use.
   *
   * @default 60000
   */
  readonly refreshMs?: number;
  /**
   * Milliseconds after which a copy that could not be renewed is no longer good.
   *
   * @default 900000
   */
  readonly maxAgeMs?: number;
  /**
   * Least milliseconds between a reading that failed and the next.
   *
   * @default 1000
   */
  readonly retryMs?: number;
  /**
   * Milliseconds; may start anywhere, must not run backwards.
   *
   * @default performance.now
   */
  readonly clock?: () => number;
  /** Told of a reading that failed; the last good copy stays until `maxAgeMs`. */
  readonly onError?: (error: unknown) => void;
}

/** The policies of a store in Amazon Verified Permissions, read in whole. */
export interface StorePolicySource extends PolicySource {
  /**
   * Reads the policies now, or takes part in a reading under way. Never rejects: whether there is a good copy, `current()` says.
   */
  refresh(): Promise<void>;
}

/**
 * Keeps a copy of a policy store's policies, static and linked to templates. Renewed on use rather than by a timer, because
 * a function that nobody calls is frozen. No good copy yet, or one older than `maxAgeMs`: no policies, and so no decision but
 * `unavailable`. A reading that fails in part, or yields what this engine cannot parse, fails in whole.
 */
export function createStorePolicySource(options: StorePolicySourceOptions): StorePolicySource {
  const { refreshMs = 60_000, maxAgeMs = 900_000, retryMs = 1_000, clock = () => performance.now() } = options;
  let copy: { readonly set: PolicySet; readonly readAt: number; readonly text: string } | undefined;
  let failedAt = -Infinity;
  let reading: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    const readAt = clock();
    try {
      const policies = await readPolicies(options.client, options.policyStoreId);
      const text = JSON.stringify(policies);
      // The same policies are the same object, so that nothing is parsed and nothing remembered is lost for nothing.
      copy = { set: copy?.text === text ? copy.set : parsePolicySet(policies), readAt, text };
    } catch (error) {
      failedAt = clock();
      options.onError?.(error);
    } finally {
      reading = undefined;
    }
  };

  const refresh = (): Promise<void> => {
    if (clock() - failedAt >= retryMs) reading ??= read();
    return reading ?? Promise.resolve();
  };

  return {
    refresh,
    current: () => {
      const age = copy === undefined ? Infinity : clock() - copy.readAt;
      if (age >= refreshMs) void refresh();
      return age < maxAgeMs ? copy?.set : undefined;
    },
  };
}

/**
 * Takes decisions in this process by a policy store's policies (CV-1). At once while the source has a good copy; a request
 * that finds none waits for one reading.
 */
export function createStoreDecisionPoint(source: StorePolicySource): DecisionPoint {
  const point = createCedarDecisionPoint({ policies: source });
  return {
    decide: (request) => (source.current() === undefined ? source.refresh().then(() => point.decide(request)) : point.decide(request)),
    visible: (requests) => (source.current() === undefined ? source.refresh().then(() => point.visible(requests)) : point.visible(requests)),
  };
}

/** Most policies that `BatchGetPolicy` takes. */
const BATCH = 100;

async function readPolicies(client: VerifiedPermissionsClient, policyStoreId: string): Promise<Record<string, string | PolicyJson>> {
  const ids: string[] = [];
  for await (const page of paginateListPolicies({ client, pageSize: 50 }, { policyStoreId })) {
    for (const { policyId } of page.policies ?? []) ids.push(defined(policyId, 'a policy without an id'));
  }
  const items: BatchGetPolicyOutputItem[] = [];
  for (let start = 0; start < ids.length; start += BATCH) {
    const requests = ids.slice(start, start + BATCH).map((policyId) => ({ policyStoreId, policyId }));
    const { results = [], errors = [] } = await client.send(new BatchGetPolicyCommand({ requests }));
    if (errors.length > 0 || results.length !== requests.length) {
      throw new Error(`The policy store did not give ${requests.length - results.length} of the policies that it lists: ${errors[0]?.code ?? 'no reason'}.`);
    }
    items.push(...results);
  }
  const templates = await readTemplates(client, policyStoreId, items);
  return Object.fromEntries(items.sort(byId).map((item) => [defined(item.policyId, 'a policy without an id'), policyOf(item, templates)]));
}

function byId(a: BatchGetPolicyOutputItem, b: BatchGetPolicyOutputItem): number {
  return String(a.policyId) < String(b.policyId) ? -1 : 1;
}

async function readTemplates(
  client: VerifiedPermissionsClient,
  policyStoreId: string,
  items: readonly BatchGetPolicyOutputItem[],
): Promise<ReadonlyMap<string, PolicyJson>> {
  const templates = new Map<string, PolicyJson>();
  for (const policyTemplateId of new Set(items.map((item) => item.definition?.templateLinked?.policyTemplateId))) {
    if (policyTemplateId === undefined) continue;
    const { statement } = await client.send(new GetPolicyTemplateCommand({ policyStoreId, policyTemplateId }));
    const answer = cedar().templateToJson(defined(statement, 'a template without a statement'));
    if (answer.type === 'failure') throw new Error(`Policy template ${policyTemplateId} cannot be used: ${errorText(answer.errors)}`);
    templates.set(policyTemplateId, answer.json);
  }
  return templates;
}

function policyOf(item: BatchGetPolicyOutputItem, templates: ReadonlyMap<string, PolicyJson>): string | PolicyJson {
  const { definition } = item;
  if (definition?.static !== undefined) return defined(definition.static.statement, 'a policy without a statement');
  if (definition?.templateLinked !== undefined) return linked(definition.templateLinked, templates);
  throw new Error(`Policy ${item.policyId} is of a kind that is not known here.`);
}

/** A template with its slots filled; slots are in the scope only. */
function linked(link: TemplateLinkedPolicyDefinitionDetail, templates: ReadonlyMap<string, PolicyJson>): PolicyJson {
  const template = templates.get(defined(link.policyTemplateId, 'a link without a template'))!;
  return {
    ...template,
    principal: filled(template.principal, link.principal),
    resource: filled(template.resource, link.resource),
  };
}

type Constraint = PolicyJson['principal'] & PolicyJson['resource'];

function filled(constraint: Constraint, value: EntityIdentifier | undefined): Constraint {
  const entity = () => ({ type: defined(value?.entityType, 'an unfilled slot'), id: defined(value?.entityId, 'an unfilled slot') });
  switch (constraint.op) {
    case 'All':
      return constraint;
    case '==':
      return 'slot' in constraint ? { op: '==', entity: entity() } : constraint;
    case 'in':
      return 'slot' in constraint ? { op: 'in', entity: entity() } : constraint;
    case 'is':
      return constraint.in !== undefined && 'slot' in constraint.in ? { ...constraint, in: { entity: entity() } } : constraint;
  }
}

function defined<T>(value: T | undefined, found: string): T {
  if (value === undefined) throw new Error(`The policy store has ${found}.`);
  return value;
}
