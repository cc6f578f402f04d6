import type { Principal } from '../identity';
import type { ToolDefinition } from '../protocol';
import type { AuthorizationRequest, Operation } from './decision';
import { DISCOVER_ACTIONS, ENTITY_TYPE, GRANT_ACTIONS, SERVER_GRANT_ACTIONS, toolActionId } from './vocabulary';

export interface EntityUid {
  readonly type: string;
  readonly id: string;
}

/** An entity as Cedar's JSON format has it, with what slicing and caching look up. */
export interface Entity {
  readonly uid: EntityUid;
  readonly attrs: Record<string, string | boolean | string[]>;
  readonly parents: EntityUid[];
  /** Tells apart any two entities that a policy could tell apart. */
  readonly key: string;
}

/** The entities of one request. Groups, servers and action groups are named as parents and have nothing of their own. */
export interface RequestEntities {
  readonly principal: Entity;
  readonly action: Entity;
  readonly resource: Entity;
}

/** The entities of a request; those of principals, tools, servers and actions are built once and shared. */
export function entitiesOf(request: AuthorizationRequest): RequestEntities {
  return {
    principal: principalEntity(request.principal),
    action: actionEntity(request.server, request.operation),
    resource: resourceEntity(request.server, request.operation),
  };
}

function entity(uid: EntityUid, attrs: Entity['attrs'], parents: EntityUid[]): Entity {
  return { uid, attrs, parents, key: JSON.stringify([uid.type, uid.id, attrs, parents.map((parent) => parent.id)]) };
}

const principals = new WeakMap<Principal, Entity>();

function principalEntity(principal: Principal): Entity {
  let built = principals.get(principal);
  if (built === undefined) {
    built = entity(
      { type: ENTITY_TYPE[principal.type], id: principal.id },
      { issuer: principal.issuer, scopes: [...principal.scopes] },
      principal.groups.map((id) => ({ type: ENTITY_TYPE.Group, id })),
    );
    principals.set(principal, built);
  }
  return built;
}

const discover: EntityUid[] = [{ type: ENTITY_TYPE.Action, id: 'discover' }];
const callTool: EntityUid[] = [{ type: ENTITY_TYPE.Action, id: 'callTool' }];

const ungrouped: EntityUid[] = [];

const fixedActions = new Map<string, Entity>(
  [
    ...DISCOVER_ACTIONS.map((id) => [id, discover] as const),
    ...['getPrompt', 'readResource', 'subscribeResource', 'complete', ...GRANT_ACTIONS, ...SERVER_GRANT_ACTIONS].map((id) => [id, ungrouped] as const),
  ].map(([id, parents]) => [id, entity({ type: ENTITY_TYPE.Action, id }, {}, parents)]),
);

function actionEntity(server: string, operation: Operation): Entity {
  return operation.kind === 'callTool' ? toolEntities(server, operation.tool).action : fixedActions.get(operation.kind)!;
}

interface ToolEntities {
  readonly server: string;
  readonly action: Entity;
  readonly resource: Entity;
}

const tools = new WeakMap<ToolDefinition, ToolEntities>();

function toolEntities(server: string, tool: ToolDefinition): ToolEntities {
  let built = tools.get(tool);
  if (built === undefined || built.server !== server) {
    const id = toolActionId(server, tool.name);
    built = {
      server,
      action: entity({ type: ENTITY_TYPE.Action, id }, {}, callTool),
      resource: entity({ type: ENTITY_TYPE.Tool, id }, toolAttributes(server, tool), [{ type: ENTITY_TYPE.Server, id: server }]),
    };
    tools.set(tool, built);
  }
  return built;
}

/** The server's hints, with the defaults of the specification (tools: annotations) where it gives none that is a boolean. */
function toolAttributes(server: string, tool: ToolDefinition): Entity['attrs'] {
  const hint = (name: 'readOnlyHint' | 'destructiveHint' | 'idempotentHint' | 'openWorldHint', absent: boolean) => {
    const given: unknown = tool.annotations?.[name];
    return typeof given === 'boolean' ? given : absent;
  };
  return {
    server,
    name: tool.name,
    readOnly: hint('readOnlyHint', false),
    destructive: hint('destructiveHint', true),
    idempotent: hint('idempotentHint', false),
    openWorld: hint('openWorldHint', true),
  };
}

function resourceEntity(server: string, operation: Operation): Entity {
  if (operation.kind === 'callTool' || operation.kind === 'requestGrant') return toolEntities(server, operation.tool).resource;
  if ('tool' in operation) return grantsEntity(server, operation.tool);
  const parents = [{ type: ENTITY_TYPE.Server, id: server }];
  switch (operation.kind) {
    case 'getPrompt':
      return entity({ type: ENTITY_TYPE.Prompt, id: `${server}/${operation.prompt}` }, { server, name: operation.prompt }, parents);
    case 'readResource':
    case 'subscribeResource':
      return entity({ type: ENTITY_TYPE.Resource, id: `${server}/${operation.uri}` }, { server, uri: operation.uri }, parents);
    case 'seeGrants':
    case 'useKillSwitch':
      return entity({ type: ENTITY_TYPE.ServerGrants, id: server }, {}, []);
    default:
      return serverEntity(server);
  }
}

/** Their names are those of a configuration, and so are few. */
const servers = new Map<string, Entity>();

function serverEntity(id: string): Entity {
  let built = servers.get(id);
  if (built === undefined) servers.set(id, (built = entity({ type: ENTITY_TYPE.Server, id }, {}, [])));
  return built;
}

/** Whether others will have the very same entities, and not only equal ones. */
export function hasSharedEntities({ kind }: Operation): boolean {
  return kind === 'callTool' || kind === 'connect' || kind === 'listTools' || kind === 'listPrompts' || kind === 'listResources';
}

/** What approvers decide on. Not the tool, nor in its server: who may do everything with a server does not approve by that. */
function grantsEntity(server: string, tool: ToolDefinition): Entity {
  return entity({ type: ENTITY_TYPE.ToolGrants, id: toolActionId(server, tool.name) }, toolAttributes(server, tool), [{ type: ENTITY_TYPE.ServerGrants, id: server }]);
}
