import {
  BatchIsAuthorizedCommand,
  IsAuthorizedCommand,
  type EntityIdentifier,
  type IsAuthorizedOutput,
  type VerifiedPermissionsClient,
} from '@aws-sdk/client-verifiedpermissions';
import { contextOf } from './context';
import type { AuthorizationRequest, Decision, DecisionPoint } from './decision';
import { entitiesOf, type Entity, type EntityUid } from './entities';

export interface VerifiedPermissionsDecisionPointOptions {
  readonly client: Pick<VerifiedPermissionsClient, 'send'>;
  readonly policyStoreId: string;
}

/** The service takes up to 30 requests of one principal at a time. */
const BATCH = 30;

/**
 * Has Amazon Verified Permissions take every decision (CV-1), from the same entities and context as the decision point in
 * this process. A policy that cannot be evaluated denies, and so does a service that gives no answer.
 *
 * The service says of an evaluation error neither which policy erred nor whether it permits: `visible` then shows the tool,
 * because unknown arguments never count as a denial, and each call is decided again with its arguments. A policy that compares
 * `context.arguments` as a whole, instead of looking into it, counts as false there.
 */
export function createVerifiedPermissionsDecisionPoint({ client, policyStoreId }: VerifiedPermissionsDecisionPointOptions): DecisionPoint {
  const decide = async (request: AuthorizationRequest): Promise<Decision> => {
    try {
      const entities = entitiesOf(request);
      return decisionOf(
        await client.send(
          new IsAuthorizedCommand({
            policyStoreId,
            ...item(request, contextOf(request)),
            entities: { cedarJson: entityList([entities.principal, entities.resource]) },
          }),
        ),
      );
    } catch (error) {
      return failed(error);
    }
  };

  const visibleInBatch = async (requests: readonly AuthorizationRequest[]): Promise<boolean[]> => {
    try {
      const entities = requests.flatMap((request) => {
        const { principal, resource } = entitiesOf(request);
        return [principal, resource];
      });
      const { results = [] } = await client.send(
        new BatchIsAuthorizedCommand({
          policyStoreId,
          requests: requests.map((request) => item(request, contextOf(request, undefined, true))),
          entities: { cedarJson: entityList(entities) },
        }),
      );
      return requests.map((_, index) => couldBeAllowed(results[index]));
    } catch {
      return requests.map(() => false);
    }
  };

  return {
    decide,
    visible: async (requests) => (await Promise.all(batchesOf(requests).map(visibleInBatch))).flat(),
  };
}

/** In the order asked; a batch ends where it is full and where another principal begins. */
function batchesOf(requests: readonly AuthorizationRequest[]): AuthorizationRequest[][] {
  const batches: AuthorizationRequest[][] = [];
  for (const request of requests) {
    const batch = batches.at(-1);
    const fits = batch !== undefined && batch.length < BATCH && entitiesOf(batch[0]!).principal.key === entitiesOf(request).principal.key;
    if (fits) batch.push(request);
    else batches.push([request]);
  }
  return batches;
}

function item(request: AuthorizationRequest, context: ReturnType<typeof contextOf>) {
  const { principal, action, resource } = entitiesOf(request);
  return {
    principal: identifier(principal.uid),
    action: { actionType: action.uid.type, actionId: action.uid.id },
    resource: identifier(resource.uid),
    context: { cedarJson: JSON.stringify(context) },
  };
}

function identifier({ type, id }: EntityUid): EntityIdentifier {
  return { entityType: type, entityId: id };
}

function entityList(entities: readonly Entity[]): string {
  const distinct = new Map(entities.map(({ key, uid, attrs, parents }) => [key, { uid, attrs, parents }]));
  return JSON.stringify([...distinct.values()]);
}

function decisionOf(output: Partial<IsAuthorizedOutput>): Decision {
  const policyIds = (output.determiningPolicies ?? []).map(({ policyId }) => policyId ?? '').sort();
  if (output.errors === undefined || output.errors.length > 0) return { effect: 'deny', policyIds: [], reason: 'policy_error' };
  if (output.decision === 'ALLOW') return { effect: 'allow', policyIds };
  return { effect: 'deny', policyIds, reason: policyIds.length > 0 ? 'forbidden' : 'not_permitted' };
}

function couldBeAllowed(output: Partial<IsAuthorizedOutput> | undefined): boolean {
  if (output === undefined) return false;
  if (output.decision === 'ALLOW') return true;
  return (output.errors ?? []).length > 0 && (output.determiningPolicies ?? []).length === 0;
}

/** A request that the service refuses as invalid is one that the policies cannot be evaluated on. */
function failed(error: unknown): Decision {
  const invalid = error instanceof Error && error.name === 'ValidationException';
  return { effect: 'deny', policyIds: [], reason: invalid ? 'policy_error' : 'unavailable' };
}
