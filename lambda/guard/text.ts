import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import { pointerStep, type ArgumentProblem, type ArgumentReason } from './problem';

/** Bounds on the arguments of one call (IOV-2). */
export interface ArgumentLimits {
  /** Objects and arrays within each other, the arguments themselves included. @default 32 */
  readonly maxDepth: number;
  /** Members and elements, all together. @default 20000 */
  readonly maxValues: number;
  /** UTF-16 code units of one string. @default 1048576 */
  readonly maxStringLength: number;
  /** UTF-16 code units of one name. @default 256 */
  readonly maxNameLength: number;
}

export const DEFAULT_ARGUMENT_LIMITS: ArgumentLimits = {
  maxDepth: 32,
  maxValues: 20_000,
  maxStringLength: 1_048_576,
  maxNameLength: 256,
};

export type NormalizedArguments =
  | {
      readonly ok: true;
      /** In Unicode Normalization Form C; the very object that came in where nothing had to change. */
      readonly normalized: JsonObject;
    }
  | { readonly ok: false; readonly reason: ArgumentReason; readonly problem: ArgumentProblem };

/** Text that is its own normal form and holds nothing forbidden: nearly all there is. */
const ORDINARY = /^[\t\n\r\x20-\x7e]*$/;

/**
 * What no argument may hold (IOV-6): control characters but tab and line ends; the tag characters, which carry hidden
 * ASCII; bidirectional embeddings, overrides and isolates, which show text in another order than it has; zero width
 * spaces and joiners that no script needs, the byte order mark and invisible operators; interlinear annotation;
 * noncharacters and halves of surrogate pairs; more than 30 combining marks in a row (UAX #15, Stream-Safe Text), which
 * also take quadratic time to normalise. Allowed, because scripts and emoji need them: U+200C, U+200D, the directional
 * marks U+200E, U+200F and U+061C, soft hyphens and variation selectors.
 */
const FORBIDDEN =
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\p{Noncharacter_Code_Point}\ud800-\udfff\u{e0000}-\u{e007f}]|\p{M}{31}/u;

/** Names are identifiers: no control or format character at all. */
const FORBIDDEN_IN_NAMES = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * Checks the text and the size of a call's arguments, and brings every name and string into Normalization Form C, in one
 * pass (IOV-2, IOV-6). Costs next to nothing for ASCII.
 */
export function normalizeArguments(toolArguments: JsonObject, limits: ArgumentLimits): NormalizedArguments {
  const pass = new Pass(limits);
  const normalized = pass.visit(toolArguments, 1);
  return normalized === undefined || !isJsonObject(normalized)
    ? { ok: false, reason: pass.reason, problem: { pointer: pass.pointer, message: pass.message } }
    : { ok: true, normalized };
}

class Pass {
  reason: ArgumentReason = 'invalid_argument';
  pointer = '';
  message = 'must be an object';
  private values = 0;

  constructor(private readonly limits: ArgumentLimits) {}

  /** The value in normal form, the same one where it already is; `undefined` where it is refused. */
  visit(value: JsonValue, depth: number): JsonValue | undefined {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > this.limits.maxDepth) return this.refuse('too_large', `must not be nested more than ${this.limits.maxDepth} levels deep`);
    return Array.isArray(value) ? this.array(value, depth) : this.object(value, depth);
  }

  private text(value: string): string | undefined {
    if (value.length > this.limits.maxStringLength) {
      return this.refuse('too_large', `must not be longer than ${this.limits.maxStringLength} characters`);
    }
    if (ORDINARY.test(value)) return value;
    return FORBIDDEN.test(value) ? this.refuse('forbidden_character', 'must not contain control, invisible or reordering characters') : value.normalize('NFC');
  }

  private array(value: JsonValue[], depth: number): JsonValue[] | undefined {
    let result = value;
    for (let index = 0; index < value.length; index++) {
      const before = value[index] as JsonValue;
      const after = this.counted(before, depth);
      if (after === undefined) return this.behind(index);
      if (after === before) continue;
      if (result === value) result = [...value];
      result[index] = after;
    }
    return result;
  }

  private object(value: JsonObject, depth: number): JsonObject | undefined {
    let changed = false;
    const members: [string, JsonValue][] = [];
    for (const name of Object.keys(value)) {
      const before = value[name] as JsonValue;
      const normalName = this.name(name);
      if (normalName === undefined) return undefined;
      const after = this.counted(before, depth);
      if (after === undefined) return this.behind(name);
      changed ||= normalName !== name || after !== before;
      members.push([normalName, after]);
    }
    if (!changed) return value;
    const result = Object.fromEntries(members);
    return Object.keys(result).length === members.length ? result : this.refuse('ambiguous_name', 'must not have two names that differ only in how they are encoded');
  }

  private name(name: string): string | undefined {
    if (name.length > this.limits.maxNameLength) return this.refuse('too_large', `must not have names longer than ${this.limits.maxNameLength} characters`);
    if (ORDINARY.test(name) && !/[\t\n\r]/.test(name)) return name;
    if (FORBIDDEN.test(name) || FORBIDDEN_IN_NAMES.test(name)) {
      return this.refuse('forbidden_character', 'must not have names with control, invisible or reordering characters');
    }
    return name.normalize('NFC');
  }

  private counted(value: JsonValue, depth: number): JsonValue | undefined {
    if (++this.values > this.limits.maxValues) return this.refuse('too_large', `must not hold more than ${this.limits.maxValues} values`);
    return this.visit(value, depth + 1);
  }

  private refuse(reason: ArgumentReason, message: string): undefined {
    this.reason = reason;
    this.message = message;
    return undefined;
  }

  /** The refusal lies behind `step` on the way back to the root. */
  private behind(step: string | number): undefined {
    this.pointer = pointerStep(step) + this.pointer;
    return undefined;
  }
}
