import type { AuthorizationRequest, Circumstances, GrantAction, GrantInUse, GrantRequestFacts, Operation, RequestContext, ServerTools } from '../../lambda/authorization';
import { nearest } from '../../lambda/authorization/nearest';
import { GRANT_ACTIONS } from '../../lambda/authorization/vocabulary';
import { compileArgumentGuard, UnusableSchema } from '../../lambda/guard';
import { principalId, type Principal } from '../../lambda/identity/principal';
import { StartError } from '../../lambda/local';
import type { JsonObject, ToolDefinition } from '../../lambda/protocol';

/** A request as people write it, in a file of tests or at the command line. */
export interface RequestDescription {
  /** `alice`, `User::alice` or `Agent::nightly`. */
  readonly principal: string;
  readonly groups?: readonly string[];
  readonly scopes?: readonly string[];
  readonly issuer?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly arguments?: JsonObject;
  readonly prompt?: string;
  readonly resource?: string;
  readonly operation?: Exclude<Operation['kind'], 'callTool' | 'getPrompt' | 'readResource' | 'complete'>;
  /** Of a step of a grant: what is asked for. */
  readonly request?: Partial<GrantRequestFacts>;
  readonly context?: ContextDescription;
}

export interface ContextDescription extends Omit<Circumstances, 'grant' | 'authentication'> {
  /** ISO 8601. */
  readonly time?: string;
  readonly sourceIp?: string;
  readonly protocolVersion?: string;
  readonly grant?: Partial<GrantInUse>;
  readonly authentication?: Partial<NonNullable<Circumstances['authentication']>>;
}

/** A request, or in one sentence each why the gateway would refuse its arguments before any policy sees them. */
export type ReadRequest =
  | { readonly ok: true; readonly request: AuthorizationRequest; /** `alice: files/read_file` */ readonly title: string }
  | { readonly ok: false; readonly problems: readonly string[]; readonly title: string };

const ISSUER = 'https://issuer.example';

/**
 * The request that a description is of, on servers that are known.
 *
 * @throws StartError when it names what is not there, or makes no sense.
 */
export function readRequest(description: RequestDescription, servers: readonly ServerTools[], now: number): ReadRequest {
  const principal = principalOf(description);
  const { server, operation } = targetOf(description, servers);
  const title = `${principal.type === 'Agent' ? 'Agent ' : ''}${principal.id}: ${nameOf(server, operation)}`;
  const context = contextOf(description.context ?? {}, now);
  if (operation.kind !== 'callTool') return { ok: true, request: { principal, server, operation, context }, title };
  const problems = argumentProblems(operation.tool, operation.arguments);
  return problems.length > 0 ? { ok: false, problems, title } : { ok: true, request: { principal, server, operation, context }, title };
}

function principalOf({ principal, groups = [], scopes = [], issuer = ISSUER }: RequestDescription): Principal {
  const [, type = 'User', id = ''] = /^(?:(?:Mcp::)?(User|Agent)::)?"?([^"]*)"?$/.exec(principal) ?? [];
  if (id === '') throw new StartError(`the principal ${JSON.stringify(principal)} has no id, expected for example "alice" or "Agent::nightly"`);
  return { type: type as Principal['type'], id: principalId(id), groups, scopes, issuer };
}

interface Target {
  readonly server: string;
  readonly operation: Operation;
}

function targetOf(description: RequestDescription, servers: readonly ServerTools[]): Target {
  const { tool, prompt, resource, operation } = description;
  const named = [tool, prompt, resource].filter((each) => each !== undefined).length;
  if (named > 1 || (named === 0 && operation === undefined)) throw new StartError('expected one of "tool", "prompt", "resource" and "operation"');
  if (tool !== undefined) return toolTarget(tool, description, servers);
  const server = known(description.server, servers);
  if (prompt !== undefined) return { server, operation: { kind: 'getPrompt', prompt, arguments: description.arguments ?? {} } };
  if (resource !== undefined) return { server, operation: { kind: operation === 'subscribeResource' ? operation : 'readResource', uri: resource } };
  if (operation === 'subscribeResource') throw new StartError('subscribeResource needs a "resource"');
  if (isGrantAction(operation!)) throw new StartError(`${operation} needs a "tool"`);
  return { server, operation: { kind: operation! } };
}

const GRANT_STEPS: ReadonlySet<string> = new Set<string>(GRANT_ACTIONS);

function isGrantAction(operation: string): operation is GrantAction {
  return GRANT_STEPS.has(operation);
}

function toolTarget(tool: string, description: RequestDescription, servers: readonly ServerTools[]): Target {
  const { operation, arguments: args = {}, request } = description;
  const slash = tool.indexOf('/');
  const server = known(description.server ?? (slash === -1 ? undefined : tool.slice(0, slash)), servers);
  const wanted = description.server === undefined ? tool.slice(slash + 1) : tool;
  const { tools } = servers.find(({ name }) => name === server)!;
  const definition = tools.find(({ name }) => name === wanted);
  if (definition === undefined) throw new StartError(`the server "${server}" has no tool "${wanted}"${suggestion(wanted, tools.map(({ name }) => name))}`);
  if (operation === undefined) return { server, operation: { kind: 'callTool', tool: definition, arguments: args } };
  if (!isGrantAction(operation)) throw new StartError(`${operation} is asked of a server, not of a "tool"`);
  const facts = { principal: principalOf(description).id, argumentsBound: false, uses: 1, lifetimeSeconds: 300, ...request };
  return { server, operation: { kind: operation, tool: definition, request: facts } };
}

function known(server: string | undefined, servers: readonly ServerTools[]): string {
  if (server === undefined) throw new StartError('expected a server, as "server" or before the tool: "files/read_file"');
  const names = servers.map(({ name }) => name);
  if (!names.includes(server)) throw new StartError(`there is no server "${server}"${suggestion(server, names)}`);
  return server;
}

function suggestion(word: string, candidates: readonly string[]): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? '' : `, did you mean "${meant}"?`;
}

function nameOf(server: string, operation: Operation): string {
  if (operation.kind === 'callTool') return `${server}/${operation.tool.name}`;
  if ('tool' in operation) return `${operation.kind} ${server}/${operation.tool.name}`;
  if ('prompt' in operation) return `${server} prompt ${operation.prompt}`;
  return 'uri' in operation ? `${server} ${operation.kind} ${operation.uri}` : `${server} ${operation.kind}`;
}

function contextOf({ time, grant, authentication, ...rest }: ContextDescription, now: number): RequestContext {
  const at = time === undefined ? now : Date.parse(time);
  if (Number.isNaN(at)) throw new StartError(`the time ${JSON.stringify(time)} is none, expected for example "2026-11-25T10:30:00Z"`);
  return {
    ...rest,
    now: at,
    ...(authentication && { authentication: { senderConstrained: false, ...authentication } }),
    ...(grant && { grant: { id: 'grant', purpose: rest.purpose ?? '', argumentsBound: false, approvedBy: [], ...grant } }),
  };
}

function argumentProblems(tool: ToolDefinition, args: JsonObject): readonly string[] {
  try {
    const verdict = compileArgumentGuard(tool).check(args);
    return verdict.ok ? [] : verdict.problems.map(({ pointer, message }) => `${pointer === '' ? 'the arguments' : pointer} ${message}`);
  } catch (error) {
    if (error instanceof UnusableSchema) return [`the input schema of ${tool.name} cannot be enforced: ${error.message}`];
    throw error;
  }
}
