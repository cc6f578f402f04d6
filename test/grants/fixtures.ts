import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import { createCedarAuthority, createGrantDesk, type GrantDesk, type GrantDeskOptions, type GrantEvent } from '../../lambda/grants';
import { principalId, type Principal } from '../../lambda/identity';
import type { JsonObject, ToolDefinition } from '../../lambda/protocol';
import { RevisionConflict, type Document, type DocumentStore } from '../../lambda/stores';

export function user(id: string, ...groups: string[]): Principal {
  return { type: 'User', id: principalId(id), groups, scopes: [], issuer: 'test' };
}

export const bob = user('bob', 'operators');
export const carol = user('carol', 'approvers');
export const dave = user('dave', 'approvers');
/** Approves alone. */
export const erin = user('erin', 'approvers', 'leads');
export const mallory = user('mallory');

export const POLICIES = {
  ask: 'permit (principal in Mcp::Group::"operators", action == Mcp::Action::"requestGrant", resource);',
  cap: 'forbid (principal, action == Mcp::Action::"requestGrant", resource) when { context.request.lifetimeSeconds > 600 };',
  auto: 'permit (principal in Mcp::Group::"operators", action == Mcp::Action::"autoApproveGrant", resource) when { resource.readOnly };',
  approve: 'permit (principal in Mcp::Group::"approvers", action in [Mcp::Action::"approveGrant", Mcp::Action::"revokeGrant", Mcp::Action::"seeGrants", Mcp::Action::"useKillSwitch"], resource);',
  alone: 'permit (principal in Mcp::Group::"leads", action == Mcp::Action::"approveGrantAlone", resource);',
};

export function cedarAuthority(policies: Record<string, string> = POLICIES, servers: readonly string[] = ['memory', 'files']) {
  return createCedarAuthority(createCedarDecisionPoint({ policies }), servers);
}

export interface TestDesk {
  readonly desk: GrantDesk;
  readonly events: GrantEvent[];
  now: number;
}

export function startDesk(options: Partial<GrantDeskOptions> = {}): TestDesk {
  const events: GrantEvent[] = [];
  const test = { events, now: Date.parse('2026-11-22T12:00:00Z') } as { -readonly [K in keyof TestDesk]: TestDesk[K] };
  test.desk = createGrantDesk({ store: memoryStore(), authority: cedarAuthority(), clock: () => test.now, onEvent: (event) => void events.push(event), ...options });
  return test;
}

/** Keeps the promises of a document store in memory; the real one is tested on DynamoDB's own protocol. */
export function memoryStore(): DocumentStore {
  const collections = new Map<string, Map<string, Document>>();
  const documents = (collection: string) => collections.get(collection) ?? new Map<string, Document>();
  return {
    get: async (collection, id) => documents(collection).get(id),
    list: async (collection, { after, prefix } = {}) =>
      [...documents(collection).values()]
        .filter(({ id }) => (after === undefined || id > after) && (prefix === undefined || id.startsWith(prefix)))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    async put(collection, id, value, replaces) {
      if ((documents(collection).get(id)?.revision ?? 0) !== replaces) throw new RevisionConflict(collection, id);
      const document = { id, revision: replaces + 1, value: JSON.parse(JSON.stringify(value)) as JsonObject };
      collections.set(collection, documents(collection).set(id, document));
      return document;
    },
  };
}

export const DELETE: ToolDefinition = { name: 'delete_entities', inputSchema: { type: 'object', properties: { entityNames: { type: 'array', items: { type: 'string' } } } } };

/** A call of bob's as the gateway asks for grants for it. */
export function callBy(principal: Principal, given: JsonObject, now: number) {
  return { principal, server: 'memory', operation: { kind: 'callTool' as const, tool: DELETE, arguments: given }, context: { now } };
}

export const ASKED = { server: 'memory', tool: 'delete_entities', purpose: 'remove what the import left behind', arguments: { entityNames: ['x'] } };

