import { isAscii, isUtf8 } from 'node:buffer';
import { ErrorCode, type JsonValue } from '../../protocol';
import { DEFAULT_JSON_LIMITS, scanJson, type JsonLimits } from './json-scan';
import { refuse, type Refusal } from './refusal';

/**
 * The value of a JSON text, such that every reader of it sees the same value (GW-1): strict UTF-8 without byte order
 * mark, no member twice in an object, no number that a double would change, no `__proto__`, no half of a surrogate
 * pair, bounded depth and size. Anything else is refused with HTTP 400: -32700 where it is not JSON, -32600 where it is.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = DEFAULT_JSON_LIMITS): JsonValue | Refusal {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ascii = isAscii(buffer);
  if (!ascii && !isUtf8(buffer)) return notJson('the body is not UTF-8');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return notJson('the body begins with a byte order mark');
  const scanned = scanJson(buffer, limits);
  if ('problem' in scanned) return notAllowed(scanned.problem);
  let value: JsonValue;
  try {
    value = JSON.parse(buffer.toString(ascii ? 'latin1' : 'utf8')) as JsonValue;
  } catch {
    return notJson('the body is not JSON');
  }
  // Only an escape can smuggle half of a surrogate pair into well-formed UTF-8.
  const inspection: Inspection = { members: 0, hasEscapes: scanned.hasEscapes, problem: undefined };
  inspect(value, inspection);
  if (inspection.problem !== undefined) return notAllowed(inspection.problem);
  // A member written twice leaves one behind: fewer members were kept than colons were read.
  return inspection.members === scanned.members ? value : notAllowed('a member that occurs twice in one object');
}

interface Inspection {
  members: number;
  readonly hasEscapes: boolean;
  problem: string | undefined;
}

/** Recursion is bounded by the depth that the scan allowed. */
function inspect(value: JsonValue | undefined, inspection: Inspection): void {
  if (typeof value === 'string') {
    if (inspection.hasEscapes && LONE_SURROGATE.test(value)) inspection.problem = HALF_PAIR;
  } else if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) {
      for (const element of value) inspect(element, inspection);
      return;
    }
    for (const key in value) {
      inspection.members++;
      if (key === '__proto__') inspection.problem = 'a member named __proto__';
      if (inspection.hasEscapes && LONE_SURROGATE.test(key)) inspection.problem = HALF_PAIR;
      inspect(value[key], inspection);
    }
  }
}

/** With the `u` flag, the two halves of a pair are one character and do not match. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const HALF_PAIR = 'half of a surrogate pair';

function notJson(problem: string): Refusal {
  return refuse(400, 'parse_error', ErrorCode.PARSE_ERROR, `Parse error: ${problem}`);
}

function notAllowed(found: string): Refusal {
  return refuse(400, 'invalid_request', ErrorCode.INVALID_REQUEST, `Invalid request: the body contains ${found}`);
}
