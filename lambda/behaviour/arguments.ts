import type { JsonObject, JsonValue } from '../protocol';

/** What is looked at of a call's arguments; the values themselves are not kept. */
export interface ArgumentFacts {
  /** Of the names and kinds of the members, of lists without their length, of texts by their magnitude. Equal for equal ones. */
  readonly shape: number;
  /** About how much text. */
  readonly size: number;
  /** Hosts of URLs and domains of mail addresses, in lower case. */
  readonly destinations: readonly string[];
  /** Equal for equal arguments; not a secret's digest, and kept for a minute. */
  readonly fingerprint: number;
}

const MAX_NODES = 200;
const MAX_TEXT = 4_096;
const MAX_DESTINATIONS = 8;
const DESTINATION = /(?:https?:\/\/|@)([a-z0-9][a-z0-9.-]{0,252}\.[a-z]{2,24}|\d{1,3}(?:\.\d{1,3}){3})/gi;
const NONE: readonly string[] = [];

/** FNV-1a, Fowler, Noll and Vo. */
const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
const TEXT = 0x73;
const LIST = 0x5b;
const TRUNCATED = 0x7e;
const AT = 0x40;
const COLON = 0x3a;

/** @param seed Nobody who does not know it can make two shapes look like one. */
export function factsOf(given: JsonObject, seed: number): ArgumentFacts {
  const reader = new ArgumentReader(seed);
  reader.read(given);
  const { shape, size, destinations, fingerprint } = reader;
  return { shape, size, destinations: destinations ?? NONE, fingerprint };
}

/** Reads each value once. Members of an object count the same in any order: what their hashes come to is a sum. */
class ArgumentReader {
  /** Of the value that was read last. */
  shape = 0;
  fingerprint = 0;
  size = 0;
  destinations: string[] | undefined;
  private nodes = 0;
  /** Whether the text that was hashed last has a character without which there is no destination. */
  private hasMark = false;

  constructor(private readonly seed: number) {}

  read(value: JsonValue): void {
    if ((this.nodes += 1) > MAX_NODES) {
      this.shape = TRUNCATED;
      this.fingerprint = TRUNCATED;
    } else if (typeof value === 'string') this.readText(value);
    else if (typeof value !== 'object' || value === null) this.readScalar(value);
    else if (Array.isArray(value)) this.readList(value);
    else this.readObject(value);
  }

  private readText(text: string): void {
    this.size += text.length;
    this.shape = mix(TEXT, magnitude(text.length));
    this.fingerprint = this.hash(text);
    if (this.hasMark) this.noteDestinations(text);
  }

  private readScalar(value: number | boolean | null): void {
    this.size += 8;
    this.shape = (typeof value).charCodeAt(0);
    this.fingerprint = typeof value === 'number' && Number.isInteger(value) ? mix(this.seed, value | 0) : this.hash(String(value));
  }

  private readList(list: readonly JsonValue[]): void {
    let fingerprint = mix(LIST, list.length);
    let first: number | undefined;
    let others: Set<number> | undefined;
    for (let at = 0; at < list.length && at < MAX_NODES; at += 1) {
      this.read(list[at] as JsonValue);
      fingerprint = mix(fingerprint, this.fingerprint);
      if (first === undefined) first = this.shape;
      else if (this.shape !== first) (others ??= new Set()).add(this.shape);
    }
    let shape = mix(LIST, 0);
    if (first !== undefined) shape = (shape + mix(this.seed, first)) | 0;
    if (others !== undefined) for (const other of others) shape = (shape + mix(this.seed, other)) | 0;
    this.shape = shape;
    this.fingerprint = fingerprint;
  }

  private readObject(object: JsonObject): void {
    let shape = this.seed;
    let fingerprint = this.seed;
    let members = 0;
    for (const name in object) {
      if ((members += 1) > MAX_NODES) break;
      this.read(object[name] as JsonValue);
      const key = this.hash(name);
      shape = (shape + mix(key, this.shape)) | 0;
      fingerprint = (fingerprint + mix(key, this.fingerprint)) | 0;
    }
    this.shape = mix(shape, members);
    this.fingerprint = mix(fingerprint, members);
  }

  private noteDestinations(text: string): void {
    const known = (this.destinations ??= []);
    for (const [, host = ''] of text.slice(0, MAX_TEXT).matchAll(DESTINATION)) {
      const name = host.toLowerCase();
      if (known.length < MAX_DESTINATIONS && !known.includes(name)) known.push(name);
    }
  }

  private hash(text: string): number {
    let hash = BASIS ^ this.seed;
    let hasMark = false;
    if (text.length < MANY) {
      for (let at = 0; at < text.length; at += 1) {
        const code = text.charCodeAt(at);
        hash = Math.imul(hash ^ code, PRIME);
        hasMark ||= code === AT || code === COLON;
      }
    } else {
      hasMark = text.includes('@') || text.includes('://');
      const pairs = characters.write(text, 'utf16le') >>> 2;
      for (let at = 0; at < pairs; at += 1) {
        hash = Math.imul(hash ^ (characterPairs[at] as number), PRIME);
        hash ^= hash >>> 15;
      }
      if (text.length < MAX_TEXT) hash = Math.imul(hash ^ text.charCodeAt(text.length - 1), PRIME);
    }
    this.hasMark = hasMark;
    return Math.imul(hash ^ text.length, PRIME);
  }
}

/** From this length on, V8 copies a text sooner than it answers for each of its characters. */
const MANY = 64;
const characters = Buffer.alloc(2 * MAX_TEXT);
const characterPairs = new Int32Array(characters.buffer, characters.byteOffset, MAX_TEXT / 2);

/** Both, and which came first. */
function mix(one: number, other: number): number {
  const mixed = Math.imul(one ^ Math.imul(other, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

/** One step for every factor of 64: texts of about a size have one shape. */
function magnitude(length: number): number {
  return Math.floor((31 - Math.clz32(length + 1)) / 6);
}
