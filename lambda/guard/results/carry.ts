import type { JsonObject } from '../../protocol';
import { marker, type Inspection } from './inspect';
import type { Redaction } from './redaction';

/** How much of what went before is kept. */
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
    this.ends.set(key, ((this.ends.get(key) ?? '') + text).slice(-CARRY_REACH));
  }
}

function streamOf({ progressToken, logger }: JsonObject): string {
  return `${String(progressToken)}/${String(logger)}`;
}

/** Where the text of a notification stands. */
function textOf({ message, data }: JsonObject): string | undefined {
  return typeof message === 'string' ? message : typeof data === 'string' ? data : undefined;
}

/** The beginnings of secrets at the end of a text: the rest may come in the next message. */
const OPEN_END = /(?:\b(?:AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abpr]-|sk-(?:ant-|proj-)?|sk_live_|rk_live_|AIza|eyJ|npm_|hf_|hvs\.|SG\.|dop_v1_|shpat_)[A-Za-z0-9_.-]{0,400}|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,4000}|(?:password|passwd|pwd|secret|token|api[_-]?key)["'`]?\s{0,3}[:=]\s{0,3}["'`]?[^\s"'`]{0,200})$/i;

/** Takes out a secret that began in an earlier message, or that begins at the end of this one. */
export function withoutOpenEnds(params: JsonObject, before: string | undefined, inspection: Inspection, pass: Redaction): JsonObject {
  const text = textOf(params);
  if (text === undefined || before === undefined) return params;
  const key = typeof params.message === 'string' ? 'message' : 'data';
  let clean = text;
  const crossing = pass.crossing(before, text, inspection);
  if (crossing > 0) clean = marker('secret') + text.slice(crossing);
  const open = OPEN_END.exec(clean);
  if (open !== null && inspection.rules.actionFor('secret', 'unfinished') !== 'allow') {
    pass.note('secret', 'unfinished', 'redacted', `/${key}`);
    clean = clean.slice(0, open.index) + marker('unfinished');
  }
  return clean === text ? params : { ...params, [key]: clean };
}
