/** The loop that looks at every character of a text: a WebAssembly module of one function, put together here instruction by instruction. */

/** Characters that are read in one go. */
export const CHUNK = 4096;

/** What a character is to those that look for the beginnings of words. */
export const CharacterKind = { OTHER: 0, LOWER: 1, UPPER: 2, DIGIT: 3 } as const;

/** Of each character of ASCII. */
export const CHARACTER_KINDS: Uint8Array = Uint8Array.from({ length: 128 }, (_, unit) => {
  const character = String.fromCharCode(unit);
  return /[a-z]/.test(character) ? CharacterKind.LOWER : /[A-Z]/.test(character) ? CharacterKind.UPPER : /[0-9]/.test(character) ? CharacterKind.DIGIT : CharacterKind.OTHER;
});

/** A reader with a memory of its own. */
export interface Reader {
  /** Where to put the UTF-16 units of a chunk, and behind them the one that follows or a zero. */
  readonly units: Uint16Array;
  /** The places that were found, each twice its number in the chunk. */
  readonly places: Uint32Array;
  /**
   * Writes down each place whose entry in the table is not zero; a branch less than one would write in a loop of its own.
   *
   * @param length twice the number of characters
   * @param before kind of the character before, times 2^14
   * @returns how many places these are
   */
  readonly read: (length: number, before: number) => number;
}

/** Places of the parts of the memory, in bytes. */
const At = { UNITS: 0, KINDS: 8_256, PLACES: 8_448, TABLE: 32_768 } as const;
const PAGES = 2;

/** Entries of a table: 4 kinds before, 128 characters, 128 after. Whatever is not ASCII is read as a zero. */
export const ENTRIES = 4 << 14;

/** @param table for each kind of the character before (times 2^14), each character (times 2^7) and each after: 1 where it is a place, else 0 */
export function createReader(table: Uint8Array): Reader {
  const memory = new WebAssembly.Memory({ initial: PAGES });
  const { exports } = new WebAssembly.Instance((compiled ??= new WebAssembly.Module(moduleBytes())), { m: { m: memory } });
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(CHARACTER_KINDS, At.KINDS);
  // What is added to the address of the next place.
  bytes.set(table.map((entry) => 4 * entry), At.TABLE);
  return { units: new Uint16Array(memory.buffer, At.UNITS, CHUNK + 2), places: new Uint32Array(memory.buffer, At.PLACES, CHUNK + 1), read: exports.f };
}

/** What is used of WebAssembly, which the types of Node leave out. */
interface Assembly {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly f: Reader['read'] } };
}

declare const WebAssembly: Assembly;

let compiled: object | undefined;

const [I32, FUNCTION, EMPTY, END] = [0x7f, 0x60, 0x40, 0x0b];
const [LENGTH, BEFORE, AT, PLACE, UNIT, NEXT] = [0, 1, 2, 3, 4, 5];
const [ADD, SUBTRACT, OR, SHIFT_LEFT, SHIFT_RIGHT, LESS, SELECT] = [0x6a, 0x6b, 0x72, 0x74, 0x76, 0x49, 0x1b];

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
const constant = (value: number) => [0x41, ...signed(value)];
const load8 = (offset: number) => [0x2d, 0, ...leb(offset)];
const load16 = (offset: number) => [0x2f, 1, ...leb(offset)];
const store = [0x36, 2, 0];
/** The number on the stack, which {@link NEXT} is then, or zero where it is beyond ASCII. */
const asciiOnly = [...tee(NEXT), ...constant(0), ...get(NEXT), ...constant(128), LESS, SELECT];

function moduleBytes(): Uint8Array {
  const section = (id: number, content: readonly number[]) => [id, ...leb(content.length), ...content];
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  const body = [1, 4, I32, ...code(), END];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, FUNCTION, 2, I32, I32, 1, I32]),
    ...section(2, [1, ...name('m'), ...name('m'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('f'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

function code(): readonly number[] {
  return [
    ...constant(At.PLACES), ...set(PLACE),
    ...get(AT), ...load16(At.UNITS), ...asciiOnly, ...set(UNIT),
    0x03, EMPTY,
    ...get(AT), ...load16(At.UNITS + 2), ...asciiOnly, ...set(NEXT),
    ...get(PLACE), ...get(AT), ...store,
    ...get(PLACE), ...get(BEFORE), ...get(UNIT), ...constant(7), SHIFT_LEFT, OR, ...get(NEXT), OR, ...load8(At.TABLE), ADD, ...set(PLACE),
    ...get(UNIT), ...load8(At.KINDS), ...constant(14), SHIFT_LEFT, ...set(BEFORE),
    ...get(NEXT), ...set(UNIT),
    ...get(AT), ...constant(2), ADD, ...tee(AT), ...get(LENGTH), LESS, 0x0d, 0,
    END,
    ...get(PLACE), ...constant(At.PLACES), SUBTRACT, ...constant(2), SHIFT_RIGHT,
  ];
}

function leb(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** A number that is not negative. */
function signed(value: number): readonly number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}
