import { kernel, type Kernel } from './kernel';
import { WordPieces } from './word-pieces';

/** A trained encoder as it is kept. */
export interface EncoderArtifact {
  readonly layers: number;
  /** Pieces of words, separated by line ends. */
  readonly vocabulary: string;
  /** Signed bytes in base64: a row for each piece, then of each layer the rows of query, key and value, of attention's output, and of both dense steps. */
  readonly weights: string;
  /** 32-bit floats in base64, in the order in which {@link Encoder} reads them. */
  readonly numbers: string;
}

const { abs, exp, max, PI, round, sqrt, tanh } = Math;

const SIZE = 384;
const INNER = 1536;
const HEADS = 12;
const HEAD = SIZE / HEADS;
/** Pieces of one sentence that are read. */
const LONGEST = 64;
const SMALLEST = 1e-12;
/** Thirteen bits: products of a whole row stay within 32 bits. */
const STEPS = 8191;

interface Dense {
  /** Place of its weights in the kernel's memory. */
  readonly at: number;
  readonly depth: number;
  readonly width: number;
  readonly scales: Float32Array;
  readonly bias: Float32Array;
}

interface Norm {
  readonly scale: Float32Array;
  readonly bias: Float32Array;
}

interface Layer {
  readonly attention: Dense;
  readonly attended: Dense;
  readonly afterAttention: Norm;
  readonly outward: Dense;
  readonly inward: Dense;
  readonly after: Norm;
}

/**
 * A small transformer that says of one sentence how likely it steers its reader: the first layers of a sentence encoder,
 * trained further on that question (docs/detection.md). Whole numbers where it counts, so it takes milliseconds, not more.
 */
export class Encoder {
  private readonly pieces: WordPieces;
  private readonly words: Int8Array;
  private readonly wordScales: Float32Array;
  private readonly positions: Float32Array;
  private readonly first: Norm;
  private readonly layers: readonly Layer[];
  private readonly head: Float32Array;
  private readonly headBias: number;
  private readonly kernel: Kernel;
  private readonly inputAt: number;
  private readonly outputAt: number;
  private readonly state = new Float32Array(LONGEST * SIZE);
  private readonly mixed = new Float32Array(LONGEST * SIZE);
  private readonly wide = new Float32Array(LONGEST * INNER);

  /** @throws Error when the artifact holds more or less than this version reads */
  constructor(artifact: EncoderArtifact) {
    const vocabulary = artifact.vocabulary.split('\n');
    const weights = Buffer.from(artifact.weights, 'base64');
    const take = reader(artifact.numbers);
    this.pieces = new WordPieces(vocabulary);
    this.words = new Int8Array(weights.buffer, weights.byteOffset, vocabulary.length * SIZE);
    this.wordScales = take(vocabulary.length);
    this.positions = take(LONGEST * SIZE);
    this.first = { scale: take(SIZE), bias: take(SIZE) };
    let at = 0;
    const dense = (depth: number, width: number): Dense => {
      const one = { at, depth, width, scales: take(width), bias: take(width) };
      at += depth * width;
      return one;
    };
    const norm = (): Norm => ({ scale: take(SIZE), bias: take(SIZE) });
    this.layers = Array.from({ length: artifact.layers }, () => ({
      attention: dense(SIZE, 3 * SIZE),
      attended: dense(SIZE, SIZE),
      afterAttention: norm(),
      outward: dense(SIZE, INNER),
      inward: dense(INNER, SIZE),
      after: norm(),
    }));
    this.head = take(2 * SIZE);
    this.headBias = take(1)[0]!;
    const inLayers = weights.subarray(this.words.length);
    if (inLayers.length !== at) throw new Error(`The encoder's layers hold ${inLayers.length} weights; this version reads ${at}.`);
    this.inputAt = at;
    this.outputAt = at + LONGEST * INNER * 2;
    this.kernel = kernel(this.outputAt + LONGEST * INNER * 4);
    new Uint8Array(this.kernel.memory).set(inLayers);
  }

  /** Log-odds that a sentence steers whoever reads it. */
  score(sentence: string): number {
    const numbers = this.pieces.read(sentence, LONGEST);
    const count = numbers.length;
    this.embed(numbers);
    for (const layer of this.layers) this.pass(layer, count);
    return this.judge(count);
  }

  private embed(numbers: readonly number[]): void {
    const { state, words, wordScales, positions } = this;
    numbers.forEach((number, at) => {
      for (let i = 0; i < SIZE; i++) state[at * SIZE + i] = words[number * SIZE + i]! * wordScales[number]! + positions[at * SIZE + i]!;
    });
    normalise(state, numbers.length, this.first);
  }

  private pass({ attention, attended, afterAttention, outward, inward, after }: Layer, count: number): void {
    const { state, mixed, wide } = this;
    this.apply(attention, state, wide, count);
    attend(wide, mixed, count);
    this.apply(attended, mixed, wide, count);
    add(state, wide, count * SIZE);
    normalise(state, count, afterAttention);
    this.apply(outward, state, wide, count);
    bend(wide, count * INNER);
    this.apply(inward, wide, mixed, count);
    add(state, mixed, count * SIZE);
    normalise(state, count, after);
  }

  private apply({ at, depth, width, scales, bias }: Dense, from: Float32Array, to: Float32Array, count: number): void {
    const rows = (count + 3) & ~3;
    const input = new Int16Array(this.kernel.memory, this.inputAt, rows * depth);
    const steps = new Float32Array(count);
    for (let row = 0; row < count; row++) steps[row] = quantise(from, row * depth, depth, input);
    input.fill(0, count * depth);
    this.kernel.multiply(this.inputAt, at, this.outputAt, rows, depth, width);
    const output = new Int32Array(this.kernel.memory, this.outputAt, rows * width);
    for (let row = 0; row < count; row++) {
      const step = steps[row]!;
      for (let i = 0, o = row * width; i < width; i++, o++) to[o] = output[o]! * step * scales[i]! + bias[i]!;
    }
  }

  /** From the mean and the largest of each number over all pieces. */
  private judge(count: number): number {
    const { state, head } = this;
    let sum = this.headBias;
    for (let i = 0; i < SIZE; i++) {
      let total = 0;
      let most = -Infinity;
      for (let row = 0; row < count; row++) {
        const value = state[row * SIZE + i]!;
        total += value;
        if (value > most) most = value;
      }
      sum += (total / count) * head[i]! + most * head[SIZE + i]!;
    }
    return sum;
  }
}

function reader(base64: string): (count: number) => Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~3)));
  let at = 0;
  return (count) => {
    if (at + count > all.length) throw new Error(`The encoder holds ${all.length} numbers; this version reads more.`);
    return all.subarray(at, (at += count));
  };
}

/** Rounds a row to whole numbers; returns what one step is worth. */
function quantise(from: Float32Array, at: number, length: number, to: Int16Array): number {
  let most = 1e-9;
  for (let i = at; i < at + length; i++) most = max(most, abs(from[i]!));
  const perUnit = STEPS / most;
  for (let i = at; i < at + length; i++) to[i] = round(from[i]! * perUnit);
  return most / STEPS;
}

function normalise(state: Float32Array, count: number, { scale, bias }: Norm): void {
  for (let row = 0; row < count; row++) {
    const at = row * SIZE;
    let mean = 0;
    for (let i = 0; i < SIZE; i++) mean += state[at + i]!;
    mean /= SIZE;
    let variance = 0;
    for (let i = 0; i < SIZE; i++) variance += (state[at + i]! - mean) ** 2;
    const by = 1 / sqrt(variance / SIZE + SMALLEST);
    for (let i = 0; i < SIZE; i++) state[at + i] = (state[at + i]! - mean) * by * scale[i]! + bias[i]!;
  }
}

function add(to: Float32Array, what: Float32Array, length: number): void {
  for (let i = 0; i < length; i++) to[i]! += what[i]!;
}

/** Each piece takes from all pieces what they are worth to it. `from` holds query, key and value of each piece side by side. */
function attend(from: Float32Array, to: Float32Array, count: number): void {
  const width = 3 * SIZE;
  const worth = new Float32Array(count);
  const by = 1 / sqrt(HEAD);
  to.fill(0, 0, count * SIZE);
  for (let head = 0; head < SIZE; head += HEAD) {
    for (let row = 0; row < count; row++) {
      let most = -Infinity;
      for (let other = 0; other < count; other++) {
        const [query, key] = [row * width + head, other * width + SIZE + head];
        let product = 0;
        for (let i = 0; i < HEAD; i++) product += from[query + i]! * from[key + i]!;
        worth[other] = product * by;
        if (worth[other]! > most) most = worth[other]!;
      }
      let total = 0;
      for (let other = 0; other < count; other++) total += worth[other] = exp(worth[other]! - most);
      for (let other = 0; other < count; other++) {
        const share = worth[other]! / total;
        const value = other * width + 2 * SIZE + head;
        for (let i = 0; i < HEAD; i++) to[row * SIZE + head + i]! += share * from[value + i]!;
      }
    }
  }
}

/** The bend of {@link bend} in steps of 1/512; outside of it a number is 0 or itself. */
const BEND = 6;
const PER_UNIT = 512;
const bent = Float32Array.from({ length: 2 * BEND * PER_UNIT + 1 }, (_, i) => {
  const x = i / PER_UNIT - BEND;
  return 0.5 * x * (1 + tanh(sqrt(2 / PI) * (x + 0.044715 * x ** 3)));
});

/** GELU, from a table. */
function bend(values: Float32Array, length: number): void {
  for (let i = 0; i < length; i++) {
    const x = values[i]!;
    if (x < BEND) values[i] = x > -BEND ? bent[round((x + BEND) * PER_UNIT)]! : 0;
  }
}
