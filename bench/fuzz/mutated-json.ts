/** JSON texts that are nearly right: a value as a tree that can hold what no value can, and the changes made to it. */
import * as fc from 'fast-check';

/** A JSON text in the making. Unlike a value it can hold a member twice, and text that is not JSON. */
export type JsonTree =
  | { readonly kind: 'object'; readonly members: [name: string, tree: JsonTree][] }
  | { readonly kind: 'array'; readonly elements: JsonTree[] }
  | { readonly kind: 'text'; readonly text: string };

/** One change. `at` and `from` choose a place among those there are. */
export type TreeMutation =
  | { readonly op: 'drop' | 'twice' | 'rename'; readonly at: number; readonly name: string }
  | { readonly op: 'swap' | 'copy'; readonly at: number; readonly from: number }
  | { readonly op: 'replace' | 'add'; readonly at: number; readonly name: string; readonly text: string }
  | { readonly op: 'bury'; readonly at: number; readonly depth: number }
  /** A second member beside one, whose name only a reader that folds case takes for the same. */
  | { readonly op: 'shadow'; readonly at: number; readonly spelling: Spelling };

type Spelling = 'capital' | 'capitals' | 'long s' | 'kelvin';

/** One change to the bytes of a text. */
export type ByteMutation =
  | { readonly op: 'truncate'; readonly at: number }
  | { readonly op: 'insert'; readonly at: number; readonly bytes: readonly number[] }
  | { readonly op: 'prefix' | 'suffix'; readonly at?: undefined; readonly bytes: readonly number[] };

export function treeOf(value: unknown): JsonTree {
  if (Array.isArray(value)) return { kind: 'array', elements: value.map(treeOf) };
  if (typeof value === 'object' && value !== null) {
    return { kind: 'object', members: Object.entries(value).filter(([, member]) => member !== undefined).map(([name, member]) => [name, treeOf(member)]) };
  }
  return { kind: 'text', text: JSON.stringify(value) };
}

export function textOf(tree: JsonTree): string {
  switch (tree.kind) {
    case 'object':
      return `{${tree.members.map(([name, member]) => `${JSON.stringify(name)}:${textOf(member)}`).join(',')}}`;
    case 'array':
      return `[${tree.elements.map(textOf).join(',')}]`;
    case 'text':
      return tree.text;
  }
}

/** Every member and element, each with the list that holds it. */
interface Place {
  get(): JsonTree;
  set(tree: JsonTree): void;
  remove(): void;
  repeat(): void;
  rename(name: string): void;
  shadow(spelling: Spelling): void;
}

function placesOf(tree: JsonTree): Place[] {
  const places: Place[] = [];
  const visit = (node: JsonTree): void => {
    if (node.kind === 'object') {
      for (const member of node.members) {
        places.push({
          get: () => member[1],
          set: (changed) => void (member[1] = changed),
          remove: () => void node.members.splice(node.members.indexOf(member), 1),
          repeat: () => void node.members.push([member[0], structuredClone(member[1])]),
          rename: (name) => void (member[0] = name),
          shadow: (spelling) => {
            const text = FORBIDDEN_VALUES.get(member[0]);
            node.members.push([spell(member[0], spelling), text === undefined ? structuredClone(member[1]) : { kind: 'text', text }]);
          },
        });
        visit(member[1]);
      }
    } else if (node.kind === 'array') {
      node.elements.forEach((element, index) => {
        places.push({
          get: () => node.elements[index] as JsonTree,
          set: (changed) => void (node.elements[index] = changed),
          remove: () => void node.elements.splice(index, 1),
          repeat: () => void node.elements.push(structuredClone(element)),
          rename: () => {},
          shadow: () => {},
        });
        visit(element);
      });
    }
  };
  visit(tree);
  return places;
}

/** What a smuggler would put there: see policies.ts. */
const FORBIDDEN_VALUES: ReadonlyMap<string, string> = new Map([
  ['method', '"tools/call"'],
  ['params', '{"name":"secret","arguments":{},"uri":"file:///secret/b"}'],
  ['name', '"secret"'],
  ['arguments', '{"path":"/etc/passwd"}'],
  ['path', '"/etc/passwd"'],
  ['uri', '"file:///secret/b"'],
]);

function spell(name: string, spelling: Spelling): string {
  switch (spelling) {
    case 'capital':
      return name.charAt(0).toUpperCase() + name.slice(1);
    case 'capitals':
      return name.toUpperCase();
    case 'long s':
      return name.replace('s', '\u017f');
    case 'kelvin':
      return name.replace('k', '\u212a');
  }
}

/** `value` as a text, after the changes. */
export function mutate(value: unknown, mutations: readonly TreeMutation[]): string {
  const holder: JsonTree = { kind: 'array', elements: [treeOf(value)] };
  for (const mutation of mutations) {
    const places = placesOf(holder);
    const place = places[mutation.at % Math.max(1, places.length)];
    if (place !== undefined) apply(mutation, place, places);
  }
  return holder.elements.map(textOf).join('');
}

function apply(mutation: TreeMutation, place: Place, places: readonly Place[]): void {
  switch (mutation.op) {
    case 'drop':
      return place.remove();
    case 'twice':
      return place.repeat();
    case 'rename':
      return place.rename(mutation.name);
    case 'swap':
    case 'copy': {
      const other = places[mutation.from % places.length] as Place;
      const [here, there] = [structuredClone(place.get()), structuredClone(other.get())];
      place.set(there);
      if (mutation.op === 'swap') other.set(here);
      return;
    }
    case 'replace':
      return place.set({ kind: 'text', text: mutation.text });
    case 'add': {
      const node = place.get();
      const added: JsonTree = { kind: 'text', text: mutation.text };
      if (node.kind === 'object') node.members.push([mutation.name, added]);
      else place.set({ kind: 'object', members: [[mutation.name, added]] });
      return;
    }
    case 'shadow':
      return place.shadow(mutation.spelling);
    case 'bury': {
      const inner = textOf(place.get());
      return place.set({ kind: 'text', text: '['.repeat(mutation.depth) + inner + ']'.repeat(mutation.depth) });
    }
  }
}

export function mutateBytes(text: string, mutations: readonly ByteMutation[]): Uint8Array<ArrayBuffer> {
  let bytes = Buffer.from(text, 'utf8');
  for (const mutation of mutations) {
    if (mutation.op === 'truncate') bytes = bytes.subarray(0, mutation.at % (bytes.length + 1));
    else {
      const at = mutation.op === 'prefix' ? 0 : mutation.op === 'suffix' ? bytes.length : (mutation.at ?? 0) % (bytes.length + 1);
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(mutation.bytes), bytes.subarray(at)]);
    }
  }
  return new Uint8Array(bytes);
}

/** Names that mean something to somebody on the way: to MCP, to JavaScript, or to a reader that folds case. */
export const NAMES = [
  'jsonrpc', 'id', 'method', 'params', 'result', 'error', 'name', 'arguments', 'uri', '_meta', 'cursor', 'task', 'requestState', 'inputResponses',
  'Name', 'NAME', 'Arguments', 'argument\u017f', 'Method', 'Params', 'param\u017f', 'ID', 'Uri', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '\u0000',
  'path', 'Path', 'text', 'count', 'progressToken', 'io.modelcontextprotocol/protocolVersion', 'io.modelcontextprotocol/clientCapabilities',
] as const;

/** Texts that are JSON, or nearly, and have surprised somebody. */
const FRAGMENTS = [
  'null', 'true', '0', '-0', '-1', '1e400', '1e-400', '9007199254740993', '1.0', '1e2', '0.1000000000000000055', '00', '+1', '.5', '1.', 'NaN', 'Infinity',
  '""', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u202e"', '"\\u200b"', '"\ufeff"', '"\\/"', '"e\\u0301"', '"\u212a"', '"home/../etc"', '"home/a"', '"/etc/passwd"',
  '"2.0"', '"1.0"', '"tools/call"', '"initialize"', '"write"', '"echo"', '"../write"', '"2026-07-28"', '"2025-11-25"', '"2025-03-26"', '"=?base64?d3JpdGU=?="',
  '{"name":"secret"}', '{"name":"write","arguments":{"path":"/etc/passwd"}}', '{"path":"/etc/passwd"}', '"secret"', '"file:///secret/b"',
  '{}', '[]', '[[]]', '{"__proto__":{"x":1}}', '{"a":1,"a":2}', '[1,]', '{"a":1,}', "{'a':1}", '{"a"}', '/**/1', '', ',', '"unterminated', '{"$ref":"#"}',
] as const;

const hugeText = fc.constantFrom(300, 5_000, 70_000).map((length) => JSON.stringify('a'.repeat(length)));
const fragment = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...FRAGMENTS) },
  { weight: 3, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: hugeText },
);
const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...NAMES) }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) });
const place = fc.nat(60);

export const treeMutation: fc.Arbitrary<TreeMutation> = fc.oneof(
  fc.record({ op: fc.constantFrom('drop', 'twice', 'rename'), at: place, name }),
  fc.record({ op: fc.constantFrom('swap', 'copy'), at: place, from: place }),
  fc.record({ op: fc.constantFrom('replace', 'add'), at: place, name, text: fragment }),
  fc.record({ op: fc.constant('shadow' as const), at: place, spelling: fc.constantFrom('capital' as const, 'capitals' as const, 'long s' as const, 'kelvin' as const) }),
  fc.record({ op: fc.constant('bury' as const), at: place, depth: fc.constantFrom(1, 30, 63, 64, 65, 500, 20_000) }),
) as fc.Arbitrary<TreeMutation>;

const oddBytes = fc.oneof(
  fc.constantFrom([0x00], [0xef, 0xbb, 0xbf], [0xff, 0xfe], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5], [0x0a], [0x0d, 0x0a], [0x20], [0x09], [0x0b], [0xe2, 0x80, 0xa8], [0x22], [0x5c], [0x7d], [0x2c]),
  fc.array(fc.nat(255), { maxLength: 6 }),
);

export const byteMutation: fc.Arbitrary<ByteMutation> = fc.oneof(
  fc.record({ op: fc.constant('truncate' as const), at: fc.nat(2_000) }),
  fc.record({ op: fc.constant('insert' as const), at: fc.nat(2_000), bytes: oddBytes }),
  fc.record({ op: fc.constantFrom('prefix' as const, 'suffix' as const), bytes: oddBytes }),
);
