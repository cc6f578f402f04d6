import { ARTIFACT } from '../model/artifact';
import { normalise, type NormalisedText } from '../normalise';
import type { Finding, Verdict } from '../types';
import { CONTENT_ARTIFACT } from './artifact';
import { decodings, respellings } from './decodings';
import { ContentModel, type ContentScore } from './model';
import { ENCODED, HIDDEN_TEXT, INVISIBLE, LOOKALIKES, ORDER, rulesFor, type ContentRule } from './rules';

/** The detector's answer about one content. */
export interface ContentVerdict {
  readonly verdict: Verdict;
  /** Calibrated probability, 0 to 1, that the content steers the agent that reads it. */
  readonly score: number;
  /** Worst first; spans are in the original text. */
  readonly findings: readonly Finding[];
}

/** What of a content is read. */
export interface ContentOptions {
  /** UTF-16 units at the beginning that are read; the rest is for the caller to split. @default 1000000 */
  readonly maxLength?: number;
  /** Read only the forms, with rules, and leave the learned layer out. @default false */
  readonly withoutModel?: boolean;
}

/** Probability from which a content is refused, and from which somebody should look. */
export const CONTENT_REJECT = 0.5;
export const CONTENT_REVIEW = 0.2;

/** What a text is worth whose words say nothing, once its form does. */
const FORMAL_BASE = -1.5;

const NO_MODEL: ContentScore = { evidence: -4, suspicions: [] };
const MAX_FINDINGS = 32;

let shipped: ContentModel | undefined;

/**
 * Decides whether a result, a resource, a prompt or an argument gives orders to the model that reads it (GW-2, PUB-2): by its
 * form, by what hides in it, and by a learned layer over its sentences. A pure function of the text.
 */
export function detectContent(text: string, { maxLength = 1_000_000, withoutModel = false }: ContentOptions = {}): ContentVerdict {
  const model = withoutModel ? undefined : (shipped ??= ContentModel.load(CONTENT_ARTIFACT, ARTIFACT.clusters));
  const { evidence, findings } = weighContent(text.slice(0, maxLength), model);
  const score = 1 / (1 + Math.exp(-(CONTENT_ARTIFACT.slope * evidence + CONTENT_ARTIFACT.offset)));
  const verdict = score >= CONTENT_REJECT ? 'reject' : score >= CONTENT_REVIEW ? 'review' : 'approve';
  return { verdict, score, findings };
}

/** Evidence before calibration. Training calibrates with it. */
export function weighContent(text: string, model: Pick<ContentModel, 'score'> | undefined): { readonly evidence: number; readonly findings: readonly Finding[] } {
  const normalised = normalise(text);
  const learned = model?.score(normalised.text) ?? NO_MODEL;
  let { evidence } = learned;
  let formal = 0;
  const findings: Finding[] = learned.suspicions.map(({ start, end }) => finding(ORDER, normalised.originalOffset(start), normalised.originalOffset(end)));
  for (const rule of rulesFor(text)) {
    const match = rule.pattern.exec(text);
    if (match === null) continue;
    formal += rule.evidence;
    findings.push(finding(rule, match.index, match.index + match[0].length));
  }
  formal += hiding(normalised, text, findings);
  if (formal > 0) evidence = Math.max(evidence, FORMAL_BASE) + formal;
  if (model !== undefined) evidence = Math.max(evidence, encoded(text, evidence, model, findings));
  return { evidence: Math.max(-20, evidence), findings: findings.sort(bySeverity).slice(0, MAX_FINDINGS) };
}

/** What is in the text and not to be seen. */
function hiding({ oddities }: NormalisedText, text: string, findings: Finding[]): number {
  if (oddities.length === 0) return 0;
  const hidden = oddities.find((oddity) => oddity.hidden !== undefined && oddity.hidden.length > 3);
  if (hidden !== undefined) {
    findings.push(finding(HIDDEN_TEXT, hidden.start, hidden.end));
    return HIDDEN_TEXT.evidence;
  }
  const invisible = oddities.filter(({ kind }) => kind === 'zeroWidth' || kind === 'bidi' || kind === 'tag' || kind === 'variation' || kind === 'combining');
  if (invisible.length >= 8 || invisible.length * 40 > text.length || invisible.some(({ kind }) => kind === 'bidi' || kind === 'tag')) {
    findings.push(finding(INVISIBLE, invisible[0]!.start, invisible[0]!.end));
    return INVISIBLE.evidence;
  }
  const lookalikes = oddities.filter(({ kind }) => kind === 'confusable');
  if (lookalikes.length < 2) return 0;
  findings.push(finding(LOOKALIKES, lookalikes[0]!.start, lookalikes[0]!.end));
  return LOOKALIKES.evidence;
}

/** The strongest evidence of what the text says in another spelling. */
function encoded(text: string, evidence: number, model: Pick<ContentModel, 'score'>, findings: Finding[]): number {
  let strongest = -Infinity;
  const tries = evidence > 3 ? [] : [...decodings(text), ...respellings(text)];
  for (const decoded of tries) {
    const own = model.score(normalise(decoded.text).text).evidence;
    if (own <= (decoded.speculative ? 2 : 0)) continue;
    const sum = own + ENCODED.evidence;
    if (sum <= strongest || sum <= evidence) continue;
    strongest = sum;
    findings.push(finding(ENCODED, decoded.start, decoded.end));
  }
  return strongest;
}

function finding({ id, severity, sentence }: Pick<ContentRule, 'id' | 'severity' | 'sentence'>, start: number, end: number): Finding {
  return { ruleId: id, severity, pointer: '', start, end, sentence, safId: 'SAF-T1102', owaspId: 'MCP06' };
}

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'];

function bySeverity(a: Finding, b: Finding): number {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
}
