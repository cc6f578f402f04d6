import type { CedarValueJson, Clause, EntityUidJson, Expr, ExprNoExt } from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarRecord, CedarValue } from '../argument-value';
import type { Entity, EntityUid, RequestEntities } from '../entities';
import { isSame, isWithin, uidOf } from '../policy-scope';
import { likeTest } from './like';
import { EVALUATION_ERROR, UNDECIDED, areEqual, asBoolean, asLong, asRecord, asSet, asString, includes, includesAll, includesAny, known } from './values';

/** What a condition may look at. */
export interface Evaluation {
  readonly entities: RequestEntities;
  readonly context: CedarRecord;
}

/**
 * Whether the conditions of a policy hold.
 *
 * @throws EVALUATION_ERROR where Cedar would report an error of this policy
 * @throws UNDECIDED where only Cedar's engine can tell
 */
export type CompiledConditions = (evaluation: Evaluation) => boolean;

type Value = (evaluation: Evaluation) => CedarValue;
type Uid = (evaluation: Evaluation) => EntityUid;

/** An expression has a part that this code leaves to the engine. */
class NotCompiled extends Error {}

/**
 * Conditions as a function, many times quicker than the engine, which has to read a request from JSON first. Tags,
 * calls of extension functions and entities that an expression computes are not compiled: `undefined`, and the engine decides.
 * What is compiled answers as the engine does, or not at all; test/authorization/compiled.test.ts holds the two together.
 *
 * Source: Cedar's JSON policy format, and the evaluation rules of Cedar's reference (operators).
 */
export function compileConditions(clauses: readonly Clause[]): CompiledConditions | undefined {
  try {
    const conditions = clauses.map(({ kind, body }) => ({ wanted: kind === 'when', value: compile(body) }));
    return (evaluation) => conditions.every(({ wanted, value }) => asBoolean(value(evaluation)) === wanted);
  } catch (error) {
    if (error instanceof NotCompiled) return undefined;
    throw error;
  }
}

function compile(expression: Expr): Value {
  const [operator, ...others] = Object.keys(expression);
  const build = others.length === 0 && Object.hasOwn(OPERATORS, operator!) ? OPERATORS[operator as Operator] : undefined;
  if (build === undefined) throw new NotCompiled();
  return build((expression as Record<Operator, never>)[operator as Operator]);
}

type Operator = ExprNoExt extends infer Each ? (Each extends unknown ? keyof Each : never) : never;
type Operand<Name extends Operator> = ExprNoExt extends infer Each ? (Each extends Record<Name, infer Of> ? Of : never) : never;
type Binary = { readonly left: Expr; readonly right: Expr };

const OPERATORS: { readonly [Name in Operator]?: (operand: Operand<Name>) => Value } = {
  Value: (literal) => constant(literalOf(literal)),
  Var: (name) => {
    if (name !== 'context') throw new NotCompiled();
    return ({ context }) => context;
  },
  '!': ({ arg }) => {
    const value = compile(arg);
    return (evaluation) => !asBoolean(value(evaluation));
  },
  neg: ({ arg }) => {
    const value = compile(arg);
    return (evaluation) => -asLong(value(evaluation));
  },
  '&&': ({ left, right }) => {
    const [first, second] = [compile(left), compile(right)];
    return (evaluation) => asBoolean(first(evaluation)) && asBoolean(second(evaluation));
  },
  '||': ({ left, right }) => {
    const [first, second] = [compile(left), compile(right)];
    return (evaluation) => asBoolean(first(evaluation)) || asBoolean(second(evaluation));
  },
  'if-then-else': (branches) => {
    const [test, yes, no] = [compile(branches.if), compile(branches.then), compile(branches.else)];
    return (evaluation) => (asBoolean(test(evaluation)) ? yes(evaluation) : no(evaluation));
  },
  '==': (operands) => equality(operands),
  '!=': (operands) => {
    const equal = equality(operands);
    return (evaluation) => !equal(evaluation);
  },
  '<': comparison((a, b) => a < b),
  '<=': comparison((a, b) => a <= b),
  '>': comparison((a, b) => a > b),
  '>=': comparison((a, b) => a >= b),
  '+': arithmetic((a, b) => a + b),
  '-': arithmetic((a, b) => a - b),
  '*': arithmetic((a, b) => a * b),
  contains: ({ left, right }) => {
    const [set, element] = [compile(left), compile(right)];
    return (evaluation) => includes(asSet(set(evaluation)), element(evaluation));
  },
  containsAll: ofSets(includesAll),
  containsAny: ofSets(includesAny),
  isEmpty: ({ arg }) => {
    const set = compile(arg);
    return (evaluation) => asSet(set(evaluation)).length === 0;
  },
  like: ({ left, pattern }) => {
    const [text, test] = [compile(left), likeTest(pattern)];
    return (evaluation) => test(asString(text(evaluation)));
  },
  in: ({ left, right }) => membership(left, right),
  is: ({ left, entity_type: type, in: ancestor }) => {
    const uid = uidOfExpression(left);
    const within = ancestor === undefined ? undefined : membership(left, ancestor);
    return (evaluation) => uid(evaluation).type === type && (within === undefined || within(evaluation));
  },
  '.': ({ left, attr }) => {
    const record = attributesOf(left);
    return (evaluation) => attribute(record(evaluation), attr);
  },
  has: ({ left, attr }) => {
    const record = attributesOf(left);
    const [first, ...rest] = Array.isArray(attr) ? attr : [attr];
    return (evaluation) => {
      let within = record(evaluation);
      if (!Object.hasOwn(within, first!)) return false;
      let name = first!;
      for (const next of rest) {
        within = asRecord(within[name]!);
        if (!Object.hasOwn(within, next)) return false;
        name = next;
      }
      return true;
    };
  },
  Set: (elements) => {
    const values = elements.map(compile);
    return (evaluation) => values.map((value) => value(evaluation));
  },
  Record: (members) => {
    const values = Object.entries(members).map(([name, member]) => [name, compile(member)] as const);
    if (values.some(([name]) => name === '__extn' || name === '__proto__')) throw new NotCompiled();
    return (evaluation) => Object.fromEntries(values.map(([name, value]) => [name, value(evaluation)]));
  },
};

function constant(value: CedarValue): Value {
  return () => value;
}

function literalOf(literal: CedarValueJson): CedarValue {
  if (typeof literal === 'object') throw new NotCompiled();
  return literal;
}

function comparison(holds: (a: number, b: number) => boolean): (operands: Binary) => Value {
  return ({ left, right }) => {
    const [first, second] = [compile(left), compile(right)];
    return (evaluation) => {
      const [a, b] = [first(evaluation), second(evaluation)];
      return holds(asLong(a), asLong(b));
    };
  };
}

/** In 64 bits overflow is an error; what leaves the 53 of JavaScript is for the engine. */
function arithmetic(compute: (a: number, b: number) => number): (operands: Binary) => Value {
  return ({ left, right }) => {
    const [first, second] = [compile(left), compile(right)];
    return (evaluation) => {
      const [a, b] = [first(evaluation), second(evaluation)];
      const result = compute(asLong(a), asLong(b));
      if (!Number.isSafeInteger(result)) throw UNDECIDED;
      return result;
    };
  };
}

function ofSets(holds: (set: readonly CedarValue[], wanted: readonly CedarValue[]) => boolean): (operands: Binary) => Value {
  return ({ left, right }) => {
    const [first, second] = [compile(left), compile(right)];
    return (evaluation) => {
      const [a, b] = [first(evaluation), second(evaluation)];
      return holds(asSet(a), asSet(b));
    };
  };
}

function equality({ left, right }: Binary): (evaluation: Evaluation) => boolean {
  const uids = [left, right].map(entityExpression);
  if (uids[0] !== undefined && uids[1] !== undefined) {
    const [first, second] = [uids[0], uids[1]];
    return (evaluation) => isSame(first(evaluation), second(evaluation));
  }
  const plain = [left, right].filter((_, index) => uids[index] === undefined).map(compile);
  if (plain.length === 2) return (evaluation) => areEqual(plain[0]!(evaluation), plain[1]!(evaluation));
  // Nothing that is compiled has an entity for a value but what is one by its form.
  return (evaluation) => {
    plain[0]!(evaluation);
    return false;
  };
}

const VARIABLES = ['principal', 'action', 'resource'] as const;

function variableOf(expression: Expr): (typeof VARIABLES)[number] | undefined {
  return VARIABLES.find((name) => name === (expression as { Var?: unknown }).Var);
}

/** The entity that an expression is by its form: a variable, or a literal. */
function entityExpression(expression: Expr): Uid | undefined {
  const variable = variableOf(expression);
  if (variable !== undefined) return ({ entities }) => entities[variable].uid;
  const literal = (expression as { Value?: unknown }).Value;
  if (typeof literal !== 'object' || literal === null || !('__entity' in literal)) return undefined;
  const uid = uidOf(literal as EntityUidJson);
  return () => uid;
}

function uidOfExpression(expression: Expr): Uid {
  const uid = entityExpression(expression);
  if (uid === undefined) throw new NotCompiled();
  return uid;
}

/** A literal may be one of the request's entities, and then has its ancestors. */
function membership(left: Expr, right: Expr): (evaluation: Evaluation) => boolean {
  const entity = uidOfExpression(left);
  const elements = (right as { Set?: readonly Expr[] }).Set;
  const ancestors = (elements ?? [right]).map(uidOfExpression);
  return (evaluation) => {
    const uid = entity(evaluation);
    const { principal, action, resource } = evaluation.entities;
    const known: Pick<Entity, 'uid' | 'parents'> = [principal, action, resource].find((one) => isSame(one.uid, uid)) ?? { uid, parents: [] };
    return ancestors.some((ancestor) => isWithin(known, ancestor(evaluation)));
  };
}

function attributesOf(expression: Expr): (evaluation: Evaluation) => CedarRecord {
  const variable = variableOf(expression);
  if (variable !== undefined) return ({ entities }) => entities[variable].attrs;
  const record = compile(expression);
  return (evaluation) => asRecord(record(evaluation));
}

function attribute(record: CedarRecord, name: string): CedarValue {
  if (!Object.hasOwn(record, name)) throw EVALUATION_ERROR;
  return known(record[name]!);
}
