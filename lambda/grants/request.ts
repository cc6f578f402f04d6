import type { Principal } from '../identity';
import { isJsonObject, type JsonObject, type ToolAnnotations } from '../protocol';
import { exactly, MAX_SHOWN_CHARACTERS } from './arguments';
import { conditionProblem } from './condition';
import { withoutClaims, type ArgumentLimit, type GrantTerms } from './grant';
import { GrantRefused } from './refused';

/** What somebody asks for. */
export interface GrantRequest {
  readonly server: string;
  readonly tool: string;
  readonly purpose: string;
  /** Exactly these arguments. @default - any, unless there is a condition */
  readonly arguments?: JsonObject;
  /** A Cedar expression on the call, instead of exact arguments. @default - none */
  readonly condition?: string;
  /** @default 1 */
  readonly uses?: number;
  /** From the approval on. @default 300 */
  readonly lifetimeSeconds?: number;
  readonly ticket?: string;
  readonly annotations?: ToolAnnotations;
  readonly risk?: number;
}

/** What no policy can allow more of. */
export interface GrantLimits {
  /** @default 3600 */
  readonly maxLifetimeSeconds: number;
  /** @default 20 */
  readonly maxUses: number;
  /** How long people have to decide, milliseconds. @default 900000 */
  readonly decideMs: number;
  /** Requests of one principal that wait. @default 20 */
  readonly maxWaiting: number;
  /** How long a grant stays readable after its end, milliseconds. @default 86400000 */
  readonly keepMs: number;
}

export const DEFAULT_GRANT_LIMITS: GrantLimits = { maxLifetimeSeconds: 3_600, maxUses: 20, decideMs: 900_000, maxWaiting: 20, keepMs: 86_400_000 };

export const DEFAULT_LIFETIME_SECONDS = 300;

const MAX_PURPOSE = 500;
const MAX_TICKET = 100;
const MAX_NAME = 256;

/**
 * The terms of a grant for `principal`.
 * @throws GrantRefused `invalid_request`
 */
export function termsOf(request: GrantRequest, principal: Principal, limits: GrantLimits): GrantTerms {
  const { server, tool, purpose, uses = 1, lifetimeSeconds = DEFAULT_LIFETIME_SECONDS, ticket, annotations, risk } = request;
  text('server', server, MAX_NAME);
  text('tool', tool, MAX_NAME);
  text('purpose', purpose, MAX_PURPOSE);
  if (ticket !== undefined) text('ticket', ticket, MAX_TICKET);
  integer('uses', uses, limits.maxUses);
  integer('lifetimeSeconds', lifetimeSeconds, limits.maxLifetimeSeconds);
  return {
    principal: withoutClaims(principal),
    server,
    tool,
    purpose: purpose.trim(),
    arguments: limitOf(request),
    uses,
    lifetimeSeconds,
    ...(ticket === undefined ? {} : { ticket }),
    ...(risk === undefined ? {} : { risk }),
    ...(annotations === undefined ? {} : { annotations: hintsOf(annotations) }),
  };
}

/**
 * Reads what came over the network.
 * @throws GrantRefused `invalid_request`, with the member that is wrong
 */
export function readRequest(value: unknown): GrantRequest {
  if (!isJsonObject(value)) throw new GrantRefused('invalid_request', 'expected a JSON object');
  const unknown = Object.keys(value).find((key) => !MEMBERS.has(key));
  if (unknown !== undefined) throw new GrantRefused('invalid_request', `there is no member ${JSON.stringify(unknown.slice(0, 40))} in a request for a grant`);
  if (value.arguments !== undefined && !isJsonObject(value.arguments)) throw new GrantRefused('invalid_request', 'arguments: expected an object');
  if (value.condition !== undefined && typeof value.condition !== 'string') throw new GrantRefused('invalid_request', 'condition: expected a text');
  return value as unknown as GrantRequest;
}

const MEMBERS: ReadonlySet<string> = new Set(['server', 'tool', 'purpose', 'arguments', 'condition', 'uses', 'lifetimeSeconds', 'ticket']);

function limitOf({ arguments: given, condition }: GrantRequest): ArgumentLimit {
  if (given !== undefined && condition !== undefined) throw new GrantRefused('invalid_request', 'arguments and condition: expected one of the two');
  if (condition !== undefined) {
    const problem = conditionProblem(condition);
    if (problem !== undefined) throw new GrantRefused('invalid_request', `condition: ${problem}`);
    return { kind: 'condition', cedar: condition };
  }
  if (given === undefined) return { kind: 'any' };
  const limit = exactly(given);
  if (limit === undefined) throw new GrantRefused('invalid_request', `arguments: nobody can read and approve more than ${MAX_SHOWN_CHARACTERS} characters, or text that is not Unicode`);
  return limit;
}

function text(name: string, value: unknown, max: number): void {
  if (typeof value !== 'string' || value.trim() === '' || value.length > max) throw new GrantRefused('invalid_request', `${name}: expected a text of 1 to ${max} characters`);
}

function integer(name: string, value: unknown, max: number): void {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > max) throw new GrantRefused('invalid_request', `${name}: expected a whole number from 1 to ${max}`);
}

function hintsOf({ readOnlyHint, destructiveHint, idempotentHint, openWorldHint }: ToolAnnotations): ToolAnnotations {
  return JSON.parse(JSON.stringify({ readOnlyHint, destructiveHint, idempotentHint, openWorldHint })) as ToolAnnotations;
}
