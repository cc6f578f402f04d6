import type { JsonObject, JsonValue } from '../protocol';

/** What is looked at of a call's arguments; the values themselves are not kept. */
export interface ArgumentFacts {
  /** Names and kinds of the members, lists without their length, texts by their magnitude. */
  readonly shape: string;
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

export function factsOf(given: JsonObject): ArgumentFacts {
  const destinations = new Set<string>();
  let nodes = 0;
  let size = 0;
  let fingerprint = 0x811c9dc5;

  function mix(text: string): void {
    const end = Math.min(text.length, MAX_TEXT);
    for (let at = 0; at < end; at++) fingerprint = Math.imul(fingerprint ^ text.charCodeAt(at), 0x01000193);
    fingerprint = Math.imul(fingerprint ^ text.length, 0x01000193);
  }

  function shapeOf(value: JsonValue): string {
    if ((nodes += 1) > MAX_NODES) return '~';
    if (typeof value === 'string') {
      mix(value);
      size += value.length;
      if (destinations.size < MAX_DESTINATIONS && /[@/]/.test(value)) for (const [, host] of value.slice(0, MAX_TEXT).matchAll(DESTINATION)) destinations.add((host ?? '').toLowerCase());
      return `s${magnitude(value.length)}`;
    }
    if (typeof value !== 'object' || value === null) {
      mix(String(value));
      size += 8;
      return (typeof value)[0] ?? '';
    }
    if (Array.isArray(value)) {
      const kinds = new Set(value.slice(0, MAX_NODES).map(shapeOf));
      return `[${[...kinds].sort().join()}]`;
    }
    const members = Object.keys(value).sort().slice(0, MAX_NODES);
    return `{${members.map((name) => (mix(name), `${name.slice(0, 40)}:${shapeOf(value[name] as JsonValue)}`)).join()}}`;
  }

  const shape = shapeOf(given);
  return { shape: shape.length > 500 ? `${shape.slice(0, 500)}~` : shape, size, destinations: [...destinations].slice(0, MAX_DESTINATIONS), fingerprint };
}

/** One step for every factor of 64: texts of about a size have one shape. */
function magnitude(length: number): number {
  return Math.floor(Math.log2(length + 1) / 6);
}
