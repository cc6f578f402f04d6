import type { Alternative, ArgumentAttribute, ArgumentType, MapArgument, RecordArgument } from './argument-type';

/** The type of what is of one type or the other; `undefined` where Cedar has none that sees all of both. */
export function unionOf(a: ArgumentType, b: ArgumentType): ArgumentType | undefined {
  const alternatives = new Map<Alternative, ArgumentType>();
  for (const [name, type] of [...alternativesOf(a), ...alternativesOf(b)]) {
    const before = alternatives.get(name);
    const both = before === undefined ? type : unionOfAlike(before, type);
    if (both === undefined) return undefined;
    alternatives.set(name, both);
  }
  // Every integer is a number.
  if (alternatives.has('number')) alternatives.delete('integer');
  const [only, ...others] = alternatives.values();
  return others.length === 0 ? only : { kind: 'union', alternatives };
}

function alternativesOf(type: ArgumentType): Iterable<readonly [Alternative, ArgumentType]> {
  return type.kind === 'union' ? type.alternatives : [[alternativeOf(type), type]];
}

function alternativeOf(type: ArgumentType): Alternative {
  switch (type.kind) {
    case 'long':
      return 'integer';
    case 'decimal':
      return 'number';
    case 'set':
      return 'array';
    case 'record':
    case 'map':
      return 'object';
    default:
      return type.kind as 'string' | 'boolean';
  }
}

function unionOfAlike(a: ArgumentType, b: ArgumentType): ArgumentType | undefined {
  if (a.kind === 'set' && b.kind === 'set') {
    const element = unionOf(a.element, b.element);
    return element && { kind: 'set', element };
  }
  if (a.kind === 'record' && b.kind === 'record') return unionOfRecords(a, b);
  if (a.kind === 'map' && b.kind === 'map') return unionOfMaps(a, b);
  return a.kind === b.kind ? a : undefined;
}

/** All attributes of both; one that only one of them has is optional. */
function unionOfRecords(a: RecordArgument, b: RecordArgument): RecordArgument | undefined {
  const attributes = new Map<string, ArgumentAttribute>();
  for (const name of new Set([...a.attributes.keys(), ...b.attributes.keys()])) {
    const [inA, inB] = [a.attributes.get(name), b.attributes.get(name)];
    if (inA === undefined || inB === undefined) {
      attributes.set(name, { ...(inA ?? inB)!, required: false });
      continue;
    }
    const type = unionOf(inA.type, inB.type);
    if (type === undefined) return undefined;
    attributes.set(name, { type, required: inA.required && inB.required, nullable: inA.nullable || inB.nullable });
  }
  return { kind: 'record', attributes };
}

function unionOfMaps(a: MapArgument, b: MapArgument): MapArgument {
  const value = a.value && b.value && unionOf(a.value, b.value);
  return value === undefined ? { kind: 'map' } : { kind: 'map', value };
}

/** The type of what is of both types; `undefined` where that is no type, or none that Cedar has. */
export function intersectionOf(a: ArgumentType, b: ArgumentType): ArgumentType | undefined {
  if (a.kind === 'record' && b.kind === 'record') return intersectionOfRecords(a, b);
  if (a.kind === 'long' && b.kind === 'decimal') return a;
  if (a.kind === 'decimal' && b.kind === 'long') return b;
  const isScalar = a.kind !== 'set' && a.kind !== 'map' && a.kind !== 'union';
  return isScalar && a.kind === b.kind ? a : undefined;
}

function intersectionOfRecords(a: RecordArgument, b: RecordArgument): RecordArgument | undefined {
  const attributes = new Map(a.attributes);
  for (const [name, attribute] of b.attributes) {
    const other = attributes.get(name);
    const type = other === undefined ? attribute.type : intersectionOf(other.type, attribute.type);
    if (type === undefined) return undefined;
    attributes.set(name, {
      type,
      required: attribute.required || (other?.required ?? false),
      nullable: attribute.nullable && (other?.nullable ?? true),
    });
  }
  return { kind: 'record', attributes };
}
