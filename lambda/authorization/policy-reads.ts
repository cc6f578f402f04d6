import type { Clause } from '@cedar-policy/cedar-wasm/nodejs';

/** What of one of a request's entities a condition looks at. */
export interface EntityReads {
  /** Which entity it is may matter, beyond the attributes read. */
  identity: boolean;
  /** Attributes read; `undefined`: all of them. */
  attributes: Set<string> | undefined;
  parents: boolean;
}

/** What of a request the conditions of a policy, or of several, can depend on. */
export interface Reads {
  readonly principal: EntityReads;
  readonly action: EntityReads;
  readonly resource: EntityReads;
  /** Members of the context and the paths into each; `undefined`: all of them. */
  context: Map<string, MemberReads> | undefined;
}

/** Paths into a member of the context, an empty one for its mere presence; `undefined`: the member as a whole. */
export type MemberReads = readonly (readonly string[])[] | undefined;

/** Reads of `conditions`. Wherever in doubt, everything counts as read. */
export function readsOf(conditions: readonly Clause[]): Reads {
  const reads = noReads();
  for (const { body } of conditions) walk(body, reads);
  return reads;
}

/** What a policy set reads that holds all policies with these reads. */
export function unionOf(all: readonly Reads[]): Reads {
  const union = noReads();
  for (const reads of all) {
    for (const variable of ENTITY_VARIABLES) {
      const [into, from] = [union[variable], reads[variable]];
      into.identity ||= from.identity;
      into.parents ||= from.parents;
      into.attributes = into.attributes && from.attributes && new Set([...into.attributes, ...from.attributes]);
    }
    if (reads.context === undefined) union.context = undefined;
    else for (const [member, paths] of reads.context) readMember(member, paths, union);
  }
  return union;
}

/** Whether a policy with these reads may depend on the arguments of a call. */
export function readsArguments({ context }: Reads): boolean {
  return context === undefined || context.has('arguments');
}

/** Whether it may depend on them in another way than by looking into them. */
export function readsArgumentsWhole({ context }: Reads): boolean {
  return context === undefined || (context.has('arguments') && context.get('arguments') === undefined);
}

const ENTITY_VARIABLES = ['principal', 'action', 'resource'] as const;
type EntityVariable = (typeof ENTITY_VARIABLES)[number];

function noReads(): Reads {
  const nothing = () => ({ identity: false, attributes: new Set<string>(), parents: false });
  return { principal: nothing(), action: nothing(), resource: nothing(), context: new Map() };
}

/** Cedar's JSON policy format: an expression is an object with one member, named after its operator. */
function walk(expression: unknown, reads: Reads): void {
  if (Array.isArray(expression)) {
    for (const part of expression) walk(part, reads);
    return;
  }
  if (typeof expression !== 'object' || expression === null) return;
  for (const [operator, operand] of Object.entries(expression)) {
    switch (operator) {
      case 'Value':
        break;
      case 'Var':
        readWhole(operand, reads);
        break;
      case 'Record':
        // Its members are the policy's own names, and may be spelt like operators.
        for (const value of Object.values(operand)) walk(value, reads);
        break;
      case '.':
      case 'has':
        readPath({ [operator]: operand }, reads);
        break;
      case '==':
      case '!=':
        readIdentity(operand.left, reads);
        readIdentity(operand.right, reads);
        break;
      case 'is':
        readIdentity(operand.left, reads);
        if (operand.in !== undefined) readAncestors(operand.left, operand.in, reads);
        break;
      case 'in':
        readAncestors(operand.left, operand.right, reads);
        break;
      case 'getTag':
      case 'hasTag':
        readEntities(reads);
        walk(operand, reads);
        break;
      default:
        walk(operand, reads);
    }
  }
}

/** What is asked of an entity that is not known by its variable may be asked of any of the request's. */
function readEntities(reads: Reads): void {
  for (const variable of ENTITY_VARIABLES) readWhole(variable, reads);
}

function readWhole(variable: unknown, reads: Reads): void {
  if (variable === 'context') {
    reads.context = undefined;
    return;
  }
  Object.assign(reads[variable as EntityVariable], { identity: true, attributes: undefined, parents: true });
}

function entityVariable(expression: unknown): EntityVariable | undefined {
  const variable = (expression as { Var?: unknown }).Var;
  return ENTITY_VARIABLES.find((name) => name === variable);
}

/** `principal == ...` and `principal is ...` depend on who the principal is, not on what it has. */
function readIdentity(expression: unknown, reads: Reads): void {
  const variable = entityVariable(expression);
  if (variable === undefined) walk(expression, reads);
  else reads[variable].identity = true;
}

/** A literal on the left may be one of the request's entities, with ancestors. */
function readAncestors(left: unknown, right: unknown, reads: Reads): void {
  const variable = entityVariable(left);
  if (variable === undefined) {
    readEntities(reads);
    walk(left, reads);
  } else {
    Object.assign(reads[variable], { identity: true, parents: true });
  }
  readIdentities(right, reads);
}

function readIdentities(expression: unknown, reads: Reads): void {
  const elements = (expression as { Set?: unknown[] }).Set;
  if (elements === undefined) readIdentity(expression, reads);
  else for (const element of elements) readIdentity(element, reads);
}

/** `context.arguments.path`, `principal has issuer`, `context has arguments.path`. */
function readPath(access: unknown, reads: Reads): void {
  const path: string[] = [];
  let expression = access as { '.'?: Access; has?: Access; Var?: unknown };
  let asksForPresence = false;
  for (let step = expression['.'] ?? expression.has; step !== undefined; step = expression['.'] ?? expression.has) {
    asksForPresence ||= expression.has !== undefined;
    path.unshift(...(Array.isArray(step.attr) ? step.attr : [step.attr]));
    expression = step.left;
  }
  const variable = entityVariable(expression);
  if (variable !== undefined) {
    reads[variable].attributes?.add(path[0]!);
  } else if (expression.Var === 'context') {
    const [member, ...rest] = path;
    readMember(member!, rest.length > 0 || asksForPresence ? [rest] : undefined, reads);
  } else {
    readEntities(reads);
    walk(expression, reads);
  }
}

interface Access {
  readonly left: { '.'?: Access; has?: Access; Var?: unknown };
  readonly attr: string | readonly string[];
}

function readMember(member: string, paths: MemberReads, { context }: Reads): void {
  const before = context?.has(member) ? context.get(member) : [];
  context?.set(member, before && paths && [...before, ...paths]);
}
