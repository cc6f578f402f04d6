import type { JsonObject } from '../../protocol';
import { applyEdits, type Edit } from './edits';
import { marker, type Inspection } from './inspect';
import { startOfOpen, LONGEST_OPEN } from './open-end';
import type { Redaction } from './redaction';

/** How much of what went before is kept; where a secret may have begun, all of it. */
const CARRY_REACH = 256;
/** Streams of one exchange. */
const MAX_CARRIES = 32;

/** The ends of the texts that went through last, by where they belong. */
export class Carry {
  private readonly ends = new Map<string, string>();

  before(params: JsonObject): string {
    return this.ends.get(streamOf(params)) ?? '';
  }

  keep(params: JsonObject): void {
    const text = textOf(params);
    if (text === undefined) return;
    const key = streamOf(params);
    if (this.ends.size >= MAX_CARRIES && !this.ends.has(key)) this.ends.clear();
    const all = (this.ends.get(key) ?? '') + text.slice(-LONGEST_OPEN);
    this.ends.set(key, all.slice(Math.min(startOfOpen(all) ?? all.length, Math.max(0, all.length - CARRY_REACH))).slice(-LONGEST_OPEN));
  }
}

function streamOf({ progressToken, logger }: JsonObject): string {
  return `${String(progressToken)}/${String(logger)}`;
}

/** Where the text of a notification stands. */
function textOf({ message, data }: JsonObject): string | undefined {
  return typeof message === 'string' ? message : typeof data === 'string' ? data : undefined;
}

/**
 * Takes out the part of a secret that began in an earlier message, or that may begin at the end of this one: what is held back
 * until the next could not be sent any more when there is none.
 */
export function withoutOpenEnds(params: JsonObject, before: string | undefined, inspection: Inspection, pass: Redaction): JsonObject {
  const text = textOf(params);
  if (text === undefined || before === undefined) return params;
  const key = typeof params.message === 'string' ? 'message' : 'data';
  const edits: Edit[] = [...pass.crossing(before, text, inspection)];
  const open = inspection.rules.actionFor('secret', 'unfinished') === 'allow' ? undefined : startOfOpen(before + text);
  if (open !== undefined) {
    pass.note('secret', 'unfinished', 'redacted', `/${key}`);
    edits.push({ start: Math.max(0, open - before.length), end: text.length, replacement: marker('unfinished') });
  }
  return edits.length === 0 ? params : { ...params, [key]: applyEdits(text, edits) };
}
