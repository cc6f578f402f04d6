import { isJsonObject, type JsonObject, type JsonValue } from '../../protocol';

/** Where a value is not what it should be. */
export interface Mismatch {
  readonly path: string;
  /** What was expected there, to be read after "expected". */
  readonly expected: string;
}

/** A structural check. Members it does not name are allowed: MCP's revisions and extensions add some. */
export type Shape = (value: JsonValue | undefined, path: string) => Mismatch | undefined;

const mismatch = (path: string, expected: string): Mismatch => ({ path, expected });

/** Text of at most `maxLength` UTF-16 code units. */
export function text(maxLength: number, expected = 'a string'): Shape {
  return (value, path) => {
    if (typeof value !== 'string') return mismatch(path, expected);
    return value.length > maxLength ? mismatch(path, `${expected} of at most ${maxLength} characters`) : undefined;
  };
}

export const anyText: Shape = (value, path) => (typeof value === 'string' ? undefined : mismatch(path, 'a string'));
export const flag: Shape = (value, path) => (typeof value === 'boolean' ? undefined : mismatch(path, 'true or false'));
export const number: Shape = (value, path) => (typeof value === 'number' ? undefined : mismatch(path, 'a number'));
export const integer: Shape = (value, path) => (Number.isInteger(value) ? undefined : mismatch(path, 'an integer'));
export const anyObject: Shape = (value, path) => (isJsonObject(value) ? undefined : mismatch(path, 'an object'));
export const present: Shape = (value, path) => (value === undefined ? mismatch(path, 'a value') : undefined);

/** A URI: a scheme, and no control characters or white space at its ends. */
export function uri(maxLength: number): Shape {
  const isText = text(maxLength, 'a URI');
  return (value, path) =>
    isText(value, path) ?? (/^[a-z][a-z0-9+.-]*:[^\s]/i.test(value as string) && !hasControls(value as string) ? undefined : mismatch(path, 'a URI'));
}

function hasControls(value: string): boolean {
  for (let index = 0; index < value.length; index++) if (value.charCodeAt(index) < 0x20) return true;
  return false;
}

export function oneOf(...values: readonly string[]): Shape {
  const expected = `one of ${values.join(', ')}`;
  return (value, path) => (typeof value === 'string' && values.includes(value) ? undefined : mismatch(path, expected));
}

export function optional(shape: Shape): Shape {
  return (value, path) => (value === undefined ? undefined : shape(value, path));
}

/** A member that this gateway does not serve: it must not be there. */
export function absent(why: string): Shape {
  return (value, path) => (value === undefined ? undefined : mismatch(path, `no such member, ${why}`));
}

export function object(fields: Readonly<Record<string, Shape>>): Shape {
  const entries = Object.entries(fields);
  return (value, path) => {
    if (!isJsonObject(value)) return mismatch(path, 'an object');
    for (const [name, shape] of entries) {
      const found = shape(value[name], name);
      if (found !== undefined) return mismatch(`${path}${pathStep(found.path)}`, found.expected);
    }
    return undefined;
  };
}

/** An object whose members all have the same shape; their names are the sender's and are not repeated. */
export function record(shape: Shape): Shape {
  return (value, path) => {
    if (!isJsonObject(value)) return mismatch(path, 'an object');
    for (const name in value) {
      const found = shape(value[name], '*');
      if (found !== undefined) return mismatch(`${path}${pathStep(found.path)}`, found.expected);
    }
    return undefined;
  };
}

export function list(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return mismatch(path, 'an array');
    for (let index = 0; index < value.length; index++) {
      const found = shape(value[index], `[${index}]`);
      if (found !== undefined) return mismatch(`${path}${pathStep(found.path)}`, found.expected);
    }
    return undefined;
  };
}

/** One value or an array of them. */
export function oneOrMore(shape: Shape): Shape {
  const many = list(shape);
  return (value, path) => (Array.isArray(value) ? many : shape)(value, path);
}

/** Chooses the shape by the text in a member, such as `type`; without an entry for it, `otherwise`. */
export function variant(member: string, shapes: Readonly<Record<string, Shape>>, otherwise?: Shape): Shape {
  const byName = new Map(Object.entries(shapes));
  const expected = `one of ${[...byName.keys()].join(', ')}`;
  return (value, path) => {
    if (!isJsonObject(value)) return mismatch(path, 'an object');
    const name = (value as JsonObject)[member];
    const shape = (typeof name === 'string' ? byName.get(name) : undefined) ?? (name === undefined ? otherwise : undefined);
    return shape === undefined ? mismatch(`${path}.${member}`, expected) : shape(value, path);
  };
}

export const textOrInteger: Shape = (value, path) =>
  (typeof value === 'string' && value.length <= 256) || Number.isSafeInteger(value)
    ? undefined
    : mismatch(path, 'an integer or a string of at most 256 characters');

function pathStep(path: string): string {
  return path.startsWith('[') ? path : `.${path}`;
}
