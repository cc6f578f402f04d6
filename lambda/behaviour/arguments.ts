import type { JsonObject, JsonValue } from '../protocol';

/** What is looked at of a call's arguments; the values themselves are not kept. */
export interface ArgumentFacts {
  /** Of the names and kinds of the members, of lists without their length, of texts by their magnitude. Equal for equal ones. */
  readonly shape: number;
  /** About how much text. */
  readonly size: number;
  /** Hosts of URLs and domains of mail addresses, in lower case. */
  readonly destinations: readonly string[];
}

const MAX_NODES = 200;
const MAX_TEXT = 4_096;
const MAX_DESTINATIONS = 8;
const DESTINATION = /(?:https?:\/\/|@)([a-z0-9][a-z0-9.-]{0,252}\.[a-z]{2,24}|\d{1,3}(?:\.\d{1,3}){3})/gi;
const NONE: readonly string[] = [];
/** Names whose numbers are remembered, and how long they are at most: those of most tools. */
const MAX_NAMES = 4_096;
const MAX_NAME = 64;

/** FNV-1a, Fowler, Noll and Vo. */
const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
const TEXT = 0x73;
const LIST = 0x5b;
const TRUNCATED = 0x7e;

/** Reads each value once. Members of an object count the same in any order: what their numbers come to is a sum. */
export class ArgumentReader {
  /** Of the value that was read last. */
  private shape = 0;
  private size = 0;
  private destinations: string[] | undefined;
  private nodes = 0;
  private readonly names = new Map<string, number>();

  /** @param seed Nobody who does not know it can make two shapes look like one. */
  constructor(private readonly seed: number) {}

  factsOf(given: JsonObject): ArgumentFacts {
    this.size = 0;
    this.destinations = undefined;
    this.nodes = 0;
    this.read(given);
    return { shape: this.shape, size: this.size, destinations: this.destinations ?? NONE };
  }

  private read(value: JsonValue): void {
    if ((this.nodes += 1) > MAX_NODES) this.shape = TRUNCATED;
    else if (typeof value === 'string') this.readText(value);
    else if (typeof value !== 'object' || value === null) this.readScalar(value);
    else if (Array.isArray(value)) this.readList(value);
    else this.readObject(value);
  }

  private readText(text: string): void {
    this.size += text.length;
    this.shape = mix(TEXT, magnitude(text.length));
    // Almost no text has any of them, and one character is found many times quicker than three.
    if (text.includes('@') || (text.includes(':') && text.includes('://'))) this.noteDestinations(text);
  }

  private readScalar(value: number | boolean | null): void {
    this.size += 8;
    this.shape = (typeof value).charCodeAt(0);
  }

  private readList(list: readonly JsonValue[]): void {
    let first: number | undefined;
    let others: Set<number> | undefined;
    for (let at = 0; at < list.length && at < MAX_NODES; at += 1) {
      this.read(list[at] as JsonValue);
      if (first === undefined) first = this.shape;
      else if (this.shape !== first) (others ??= new Set()).add(this.shape);
    }
    let shape = mix(LIST, 0);
    if (first !== undefined) shape = (shape + mix(this.seed, first)) | 0;
    if (others !== undefined) for (const other of others) shape = (shape + mix(this.seed, other)) | 0;
    this.shape = shape;
  }

  private readObject(object: JsonObject): void {
    let shape = this.seed;
    let members = 0;
    for (const name in object) {
      if ((members += 1) > MAX_NODES) break;
      this.read(object[name] as JsonValue);
      shape = (shape + mix(this.numberOf(name), this.shape)) | 0;
    }
    this.shape = mix(shape, members);
  }

  private noteDestinations(text: string): void {
    const known = (this.destinations ??= []);
    for (const [, host = ''] of text.slice(0, MAX_TEXT).matchAll(DESTINATION)) {
      const name = host.toLowerCase();
      if (known.length < MAX_DESTINATIONS && !known.includes(name)) known.push(name);
    }
  }

  private numberOf(name: string): number {
    const known = this.names.get(name);
    if (known !== undefined) return known;
    let number = BASIS ^ this.seed;
    for (let at = 0; at < name.length && at < MAX_TEXT; at += 1) number = Math.imul(number ^ name.charCodeAt(at), PRIME);
    number = Math.imul(number ^ name.length, PRIME);
    if (name.length <= MAX_NAME && this.names.size < MAX_NAMES) this.names.set(name, number);
    return number;
  }
}

/** Both, and which came first. */
function mix(one: number, other: number): number {
  const mixed = Math.imul(one ^ Math.imul(other, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

/** One step for every factor of 64: texts of about a size have one shape. */
function magnitude(length: number): number {
  return Math.floor((31 - Math.clz32(length + 1)) / 6);
}
