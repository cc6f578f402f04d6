import type { NamespaceDefinition, SchemaJson, Type, TypeOfAttribute } from '@cedar-policy/cedar-wasm/nodejs';
import type { ToolDefinition } from '../protocol';
import { toolArguments, type ArgumentType, type LeftOutArgument, type RecordArgument } from './argument-type';
import { DISCOVER_ACTIONS, GRANT_ACTIONS, NAMESPACE, SERVER_GRANT_ACTIONS, toolActionId } from './vocabulary';

/** A Cedar schema in its JSON form. */
export type CedarSchema = SchemaJson<string>;

/** A server as far as policies see it. */
export interface ServerTools {
  readonly name: string;
  readonly tools: readonly ToolDefinition[];
}

/** A part of a tool's arguments that no policy can read, and why. An empty path is the tool itself. */
export interface LeftOutOfSchema extends LeftOutArgument {
  readonly server: string;
  readonly tool: string;
}

export interface GeneratedSchema {
  readonly schema: CedarSchema;
  readonly leftOut: readonly LeftOutOfSchema[];
}

/**
 * The schema that policies are validated against: the base schema of `policies/schema.cedarschema`, and one action for
 * each tool, `Mcp::Action::"<server>/<tool>"`, whose `context.arguments` has the types of the tool's input schema.
 */
export function generateSchema(servers: readonly ServerTools[]): GeneratedSchema {
  const schema = baseSchema();
  const { actions } = schema[NAMESPACE]!;
  const leftOut: LeftOutOfSchema[] = [];
  for (const server of servers) {
    for (const tool of server.tools) {
      const id = toolActionId(server.name, tool.name);
      const note = (path: readonly string[], reason: string) => leftOut.push({ server: server.name, tool: tool.name, path, reason });
      if (Object.hasOwn(actions, id)) {
        note([], 'its server lists two tools of this name');
        continue;
      }
      const { type, leftOut: unseen } = toolArguments(tool.inputSchema);
      for (const { path, reason } of unseen) note(path, reason);
      // A tool may be called `__proto__`; assignment would lose it.
      Object.defineProperty(actions, id, { value: toolAction(type), enumerable: true, configurable: true, writable: true });
    }
  }
  return { schema, leftOut };
}

type Action = NamespaceDefinition<string>['actions'][string];

function toolAction(type: RecordArgument): Action {
  return {
    memberOf: [{ id: 'callTool' }],
    appliesTo: {
      principalTypes: ['User', 'Agent'],
      resourceTypes: ['Tool'],
      context: record({ ...circumstances(), arguments: recordType(type) }),
    },
  };
}

function recordType(argument: RecordArgument): Type<string> {
  return {
    type: 'Record',
    attributes: Object.fromEntries([...argument.attributes].map(([name, { type, required }]) => [name, required ? cedarType(type) : optional(cedarType(type))])),
  };
}

function cedarType(type: ArgumentType): Type<string> {
  switch (type.kind) {
    case 'string':
      return { type: 'String' };
    case 'boolean':
      return { type: 'Boolean' };
    case 'long':
      return { type: 'Long' };
    case 'decimal':
      return { type: 'Extension', name: 'decimal' };
    case 'set':
      return { type: 'Set', element: cedarType(type.element) };
    case 'record':
      return recordType(type);
    case 'map':
      return record({ keys: STRINGS, ...(type.value === undefined ? {} : { values: { type: 'Set', element: cedarType(type.value) } }) });
    case 'union':
      return record(Object.fromEntries([...type.alternatives].map(([name, alternative]) => [name, optional(cedarType(alternative))])));
  }
}

function record(attributes: Record<string, TypeOfAttribute<string>>): Type<string> {
  return { type: 'Record', attributes };
}

function optional(type: Type<string>): TypeOfAttribute<string> {
  return { ...type, required: false };
}

const STRING: Type<string> = { type: 'String' };
const STRINGS: Type<string> = { type: 'Set', element: STRING };
const LONG: Type<string> = { type: 'Long' };
const BOOLEAN: Type<string> = { type: 'Boolean' };

/** What every context has besides what is the action's own. */
function circumstances(): Record<string, TypeOfAttribute<string>> {
  return {
    time: { type: 'Time' },
    network: { type: 'Network' },
    protocolVersion: optional(STRING),
    grant: optional({ type: 'Grant' }),
    purpose: optional(STRING),
    risk: optional(LONG),
    device: optional({ type: 'Device' }),
    session: optional({ type: 'Session' }),
    authentication: optional({ type: 'Authentication' }),
  };
}

/** The model without any tool: what `policies/schema.cedarschema` says, in JSON form. A new object at each call. */
export function baseSchema(): CedarSchema {
  const principal = {
    memberOfTypes: ['Group'],
    shape: record({ issuer: STRING, scopes: STRINGS }),
  };
  const inServer = (attributes: Record<string, TypeOfAttribute<string>>) => ({ memberOfTypes: ['Server'], shape: record(attributes) });
  const action = (resourceType: string, more: { group?: string; context?: Record<string, TypeOfAttribute<string>> } = {}): Action => ({
    ...(more.group === undefined ? {} : { memberOf: [{ id: more.group }] }),
    appliesTo: {
      principalTypes: ['User', 'Agent'],
      resourceTypes: [resourceType],
      context: more.context === undefined ? { type: 'Circumstances' } : record({ ...circumstances(), ...more.context }),
    },
  });
  const toolHints: Record<string, TypeOfAttribute<string>> = {
    server: STRING,
    name: STRING,
    readOnly: BOOLEAN,
    destructive: BOOLEAN,
    idempotent: BOOLEAN,
    openWorld: BOOLEAN,
  };
  return {
    [NAMESPACE]: {
      commonTypes: {
        Time: record({ epoch: LONG, now: { type: 'Extension', name: 'datetime' }, hour: LONG, minute: LONG, dayOfWeek: LONG }),
        Network: record({ sourceIp: optional({ type: 'Extension', name: 'ipaddr' }), zone: optional(STRING) }),
        Grant: record({ id: STRING, purpose: STRING, argumentsBound: BOOLEAN, approvedBy: STRINGS, approvals: LONG }),
        GrantRequest: record({ principal: STRING, argumentsBound: BOOLEAN, uses: LONG, lifetimeSeconds: LONG }),
        Circumstances: record(circumstances()),
        Device: record({ trusted: BOOLEAN }),
        Session: record({ id: STRING, ageSeconds: LONG }),
        Authentication: record({ acr: optional(STRING), ageSeconds: optional(LONG), method: optional(STRING), senderConstrained: BOOLEAN }),
      },
      entityTypes: {
        User: principal,
        Agent: principal,
        Group: {},
        Server: {},
        Tool: inServer(toolHints),
        ServerGrants: {},
        ToolGrants: { memberOfTypes: ['ServerGrants'], shape: record(toolHints) },
        Prompt: inServer({ server: STRING, name: STRING }),
        Resource: inServer({ server: STRING, uri: STRING }),
      },
      actions: {
        discover: {},
        ...Object.fromEntries(DISCOVER_ACTIONS.map((id) => [id, action('Server', { group: 'discover' })])),
        callTool: {},
        getPrompt: action('Prompt'),
        readResource: action('Resource'),
        subscribeResource: action('Resource'),
        complete: action('Server', { context: { reference: STRING } }),
        ...Object.fromEntries(GRANT_ACTIONS.map((id) => [id, action(id === 'requestGrant' ? 'Tool' : 'ToolGrants', { context: { request: { type: 'GrantRequest' } } })])),
        ...Object.fromEntries(SERVER_GRANT_ACTIONS.map((id) => [id, action('ServerGrants')])),
      },
    },
  };
}
