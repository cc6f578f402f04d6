import {
  BatchGetPolicyCommand,
  BatchIsAuthorizedCommand,
  GetPolicyTemplateCommand,
  IsAuthorizedCommand,
  ListPoliciesCommand,
  VerifiedPermissionsClient,
  type BatchGetPolicyOutputItem,
  type BatchIsAuthorizedInputItem,
  type EntitiesDefinition,
  type EntityIdentifier,
} from '@aws-sdk/client-verifiedpermissions';
import type { Response } from '@cedar-policy/cedar-wasm/nodejs';
import { mockClient } from 'aws-sdk-client-mock';
import type { CedarSchema } from '../../lambda/authorization';
import { cedar } from '../../lambda/authorization/cedar-engine';

export interface FakeStore {
  /** Static policies by id. */
  readonly policies: Readonly<Record<string, string>>;
  readonly templates?: Readonly<Record<string, string>>;
  readonly links?: readonly FakeLink[];
  /** With it, a single request that is not valid under it is refused; the service does not say that it checks, nor that it does not. */
  readonly schema?: CedarSchema;
}

export interface FakeLink {
  readonly policyId: string;
  readonly policyTemplateId: string;
  readonly principal?: EntityIdentifier;
  readonly resource?: EntityIdentifier;
}

export const STORE_ID = 'PSEXAMPLEabcdefg111111';

/**
 * Amazon Verified Permissions as far as the adapters use it: it reads the service's own request shapes and evaluates all
 * policies of the store with Cedar, unsliced. Pages hold two policies. Action groups come from the schema in the service,
 * and from the shape of the names here.
 */
export function fakeVerifiedPermissions(storeOf: (policyStoreId: string) => FakeStore) {
  const client = new VerifiedPermissionsClient({ region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  const mock = mockClient(client);
  const created = new Date(0);

  mock.on(IsAuthorizedCommand).callsFake((input) => outputOf(evaluate(storeOf(input.policyStoreId), input, input.entities, true)));

  mock.on(BatchIsAuthorizedCommand).callsFake((input: BatchIsAuthorizedCommand['input']) => {
    const requests = input.requests ?? [];
    if (requests.length > 30) throw Object.assign(new Error('Too many requests'), { name: 'ValidationException' });
    if (new Set(requests.map(({ principal }) => principal?.entityId)).size > 1) {
      throw Object.assign(new Error('Requests differ in their principal'), { name: 'ValidationException' });
    }
    return { results: requests.map((request) => ({ request, ...outputOf(evaluate(storeOf(input.policyStoreId!), request, input.entities)) })) };
  });

  mock.on(ListPoliciesCommand).callsFake(({ nextToken, policyStoreId }: ListPoliciesCommand['input']) => {
    const { policies, links = [] } = storeOf(policyStoreId!);
    const ids = [...Object.keys(policies), ...links.map(({ policyId }) => policyId)];
    const start = Number(nextToken ?? 0);
    return {
      policies: ids.slice(start, start + 2).map((policyId) => ({ policyStoreId, policyId })),
      ...(start + 2 < ids.length && { nextToken: String(start + 2) }),
    };
  });

  mock.on(BatchGetPolicyCommand).callsFake(({ requests = [] }: BatchGetPolicyCommand['input']) => {
    const results = requests.map(({ policyStoreId, policyId }): BatchGetPolicyOutputItem => {
      const { policies, links = [] } = storeOf(policyStoreId!);
      const common = { policyStoreId, createdDate: created, lastUpdatedDate: created };
      const statement = policies[policyId!];
      if (statement !== undefined) return { ...common, policyId, policyType: 'STATIC', definition: { static: { statement } } };
      const templateLinked = links.find((link) => link.policyId === policyId)!;
      return { ...common, policyId, policyType: 'TEMPLATE_LINKED', definition: { templateLinked } };
    });
    return { results, errors: [] };
  });

  mock.on(GetPolicyTemplateCommand).callsFake(({ policyStoreId, policyTemplateId }: GetPolicyTemplateCommand['input']) => ({
    policyTemplateId,
    statement: storeOf(policyStoreId!).templates?.[policyTemplateId!],
  }));

  return { client, mock };
}

function evaluate(store: FakeStore, request: BatchIsAuthorizedInputItem, entities: EntitiesDefinition | undefined, checksRequest = false): Response {
  const uid = (identifier: EntityIdentifier | undefined) => ({ type: identifier!.entityType!, id: identifier!.entityId! });
  const action = { type: request.action!.actionType!, id: request.action!.actionId! };
  const answer = cedar().isAuthorized({
    principal: uid(request.principal),
    action,
    resource: uid(request.resource),
    context: JSON.parse(request.context!.cedarJson!),
    ...(checksRequest && store.schema !== undefined && { schema: store.schema, validateRequest: true }),
    entities: [...JSON.parse(entities!.cedarJson!), { uid: action, attrs: {}, parents: groupsOf(action.id) }],
    policies: {
      staticPolicies: store.policies,
      templates: store.templates ?? {},
      templateLinks: (store.links ?? []).map(({ policyId, policyTemplateId, principal, resource }) => ({
        newId: policyId,
        templateId: policyTemplateId,
        values: { ...(principal && { '?principal': uid(principal) }), ...(resource && { '?resource': uid(resource) }) },
      })),
    },
  });
  if (answer.type === 'failure') throw Object.assign(new Error(answer.errors[0]!.message), { name: 'ValidationException' });
  return answer.response;
}

function groupsOf(action: string) {
  const group = action.includes('/') ? 'callTool' : ['connect', 'listTools', 'listPrompts', 'listResources'].includes(action) ? 'discover' : undefined;
  return group === undefined ? [] : [{ type: 'Mcp::Action', id: group }];
}

function outputOf({ decision, diagnostics }: Response) {
  return {
    decision: decision === 'allow' ? ('ALLOW' as const) : ('DENY' as const),
    determiningPolicies: diagnostics.reason.map((policyId) => ({ policyId })),
    errors: diagnostics.errors.map(({ error }) => ({ errorDescription: error.message })),
  };
}
