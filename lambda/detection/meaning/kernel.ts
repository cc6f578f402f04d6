/** Products of whole numbers, eight at a time: a WebAssembly module of one function, put together here instruction by instruction. */

/** What the module exports; addresses are bytes of its memory. */
export interface Kernel {
  /** Its memory, which never grows. */
  readonly memory: ArrayBuffer;
  /**
   * `out[t][n] = sum of x[t][k] * w[n][k]`: 16-bit rows times 8-bit rows into 32-bit ones.
   *
   * @param rows of `x`, a multiple of 4
   * @param depth numbers in a row of `x` and of `w`, a multiple of 32
   * @param width rows of `w`
   */
  readonly multiply: (x: number, w: number, out: number, rows: number, depth: number, width: number) => void;
}

const PAGE = 65_536;

/** @param bytes of memory that it needs */
export function kernel(bytes: number): Kernel {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()), { m: { m: memory } });
  return { memory: memory.buffer, multiply: exports.f };
}

/** What is used of WebAssembly, which the types of Node leave out. */
interface Assembly {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly f: Kernel['multiply'] } };
}

declare const WebAssembly: Assembly;

const [I32, V128, FUNCTION, EMPTY] = [0x7f, 0x7b, 0x60, 0x40];
const END = 0x0b;
/** Rows that share one reading of the weights, and groups of eight products in one turn of the innermost loop. */
const ROWS = 4;
const UNROLLED = 4;

const [X, W, OUT, T, K, N] = [0, 1, 2, 3, 4, 5];
/** Locals: where the weights of a row begin, are and end; rows and columns still to do; a result's place; bytes of a row. */
const [ROW, AT, STOP, LEFT, REST, PLACE, STRIDE, FIRST] = [6, 7, 8, 9, 10, 11, 12, 13];
const POINTER = 14;
const SUM = POINTER + ROWS;
const WEIGHTS = SUM + ROWS;

function moduleBytes(): Uint8Array {
  const section = (id: number, content: readonly number[]) => [id, ...leb(content.length), ...content];
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  const body = [2, ...leb(POINTER + ROWS - 6), I32, ...leb(ROWS + 1), V128, ...code(), END];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, FUNCTION, 6, I32, I32, I32, I32, I32, I32, 0]),
    ...section(2, [1, ...name('m'), ...name('m'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('f'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

function code(): readonly number[] {
  const rows = Array.from({ length: ROWS }, (_, row) => row);
  const inner = Array.from({ length: UNROLLED }, (_, turn) => [
    ...get(AT), ...load8x8(turn * 8), ...set(WEIGHTS),
    ...rows.flatMap((row) => [...get(SUM + row), ...get(POINTER + row), ...load(turn * 16), ...get(WEIGHTS), ...DOT, ...ADD_LANES, ...set(SUM + row)]),
  ]).flat();
  return [
    ...get(K), ...constant(1), SHIFT_LEFT, ...set(STRIDE),
    ...get(W), ...set(ROW), ...get(N), ...set(REST),
    ...loop([
      ...get(X), ...set(FIRST), ...get(T), ...set(LEFT),
      ...get(OUT), ...get(N), ...get(REST), SUBTRACT, ...constant(2), SHIFT_LEFT, ADD, ...set(PLACE),
      ...get(ROW), ...get(K), ADD, ...set(STOP),
      ...loop([
        ...rows.flatMap((row) => [...get(row === 0 ? FIRST : POINTER + row - 1), ...(row === 0 ? [] : [...get(STRIDE), ADD]), ...set(POINTER + row), ...ZEROS, ...set(SUM + row)]),
        ...get(ROW), ...set(AT),
        ...loop([
          ...inner,
          ...rows.flatMap((row) => [...get(POINTER + row), ...constant(16 * UNROLLED), ADD, ...set(POINTER + row)]),
          ...get(AT), ...constant(8 * UNROLLED), ADD, ...tee(AT), ...get(STOP), LESS,
        ]),
        ...rows.flatMap((row) => [
          ...get(PLACE), ...lane(SUM + row, 0), ...lane(SUM + row, 1), ADD, ...lane(SUM + row, 2), ADD, ...lane(SUM + row, 3), ADD, ...STORE,
          ...get(PLACE), ...get(N), ...constant(2), SHIFT_LEFT, ADD, ...set(PLACE),
        ]),
        ...get(POINTER + ROWS - 1), ...set(FIRST),
        ...get(LEFT), ...constant(ROWS), SUBTRACT, ...tee(LEFT),
      ]),
      ...get(STOP), ...set(ROW),
      ...get(REST), ...constant(1), SUBTRACT, ...tee(REST),
    ]),
  ];
}

const [ADD, SUBTRACT, SHIFT_LEFT, LESS] = [0x6a, 0x6b, 0x74, 0x49];
const ADD_LANES = [0xfd, 0xae, 0x01];
const DOT = [0xfd, 0xba, 0x01];
const STORE = [0x36, 2, 0];
const ZEROS = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];

const get = (local: number) => [0x20, ...leb(local)];
const set = (local: number) => [0x21, ...leb(local)];
const tee = (local: number) => [0x22, ...leb(local)];
const constant = (value: number) => [0x41, ...signed(value)];
const load = (offset: number) => [0xfd, 0x00, 0, ...leb(offset)];
const load8x8 = (offset: number) => [0xfd, 0x01, 0, ...leb(offset)];
const lane = (local: number, index: number) => [...get(local), 0xfd, 0x1b, index];
/** Again as long as what `body` leaves is not zero. */
const loop = (body: readonly number[]) => [0x03, EMPTY, ...body, 0x0d, 0, END];

function leb(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** A small number that is not negative. */
function signed(value: number): readonly number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}
