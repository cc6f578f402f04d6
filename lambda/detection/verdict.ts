import { LEARNED, MEANT } from './model';
import type { Hit } from './rules/hit';
import type { RuleInfo } from './rules/rule';
import type { ModelScore, Severity, Verdict } from './types';

/** What speaks for and against a definition, before it is weighed. */
export interface Evidence {
  /** Log-odds of the most suspicious sentence as the learned layer sees it, and the same once what is said about is discounted. */
  readonly model: Doubt;
  /** The same of what the sentences mean; `-Infinity` where none was in doubt. */
  readonly meaning: Doubt;
  /** Log-odds of the next sentence that the learned layer suspects, of another place; 0 without one. */
  readonly second: number;
  /** The rules that are broken, each once. */
  readonly rules: readonly BrokenRule[];
}

/** Log-odds of what is said, and of what is only said about, the latter not yet discounted. */
export interface Doubt {
  readonly plain: number;
  readonly discounted: number;
}

export interface BrokenRule {
  readonly id: string;
  readonly severity: Severity;
  /** In quotation, in code, or by whoever looks for it, wherever it is broken. */
  readonly discounted: boolean;
  readonly wordless: boolean;
}

/** What evidence is worth, in units of log-odds. Fitted by `npm run train` to definitions that the model had not seen. */
export interface Combination {
  /** Of a definition that breaks no rule and whose sentences are as likely to steer as not. */
  readonly prior: number;
  /** For each unit by which the learned layer's log-odds lie below zero, and for each above. */
  readonly innocence: number;
  readonly suspicion: number;
  /** The same for what sentences mean. */
  readonly harmlessMeaning: number;
  readonly harmfulMeaning: number;
  /** For each unit of a second suspicious sentence. */
  readonly second: number;
  readonly severities: Readonly<Record<Severity, number>>;
  /** What a rule is worth beyond its severity, by its id. */
  readonly rules: Readonly<Record<string, number>>;
  /** The part that is left of evidence which is said about rather than said. */
  readonly discount: number;
}

/** A definition whose every sentence is harmless is no more innocent than this, nor one more suspicious. */
const LEAST = -4;
const MOST = 8;
/** Nor by what it means: an encoder is sure of itself too often. */
const MOST_BY_MEANING = 3;

const SERIOUS: ReadonlySet<Severity> = new Set(['high', 'critical']);

/** From this probability on a definition is refused: here 0.3 % of published honest definitions were, of sources held out. */
const REJECT = 0.4;
/** From here on a person looks: of eight such definitions one is poisoned. */
const REVIEW = 1 / 8;

/** What the layers say about one definition. */
export function evidenceOf(hits: readonly Hit[], { logOdds, meaning }: ModelScore): Evidence {
  const rules = new Map<string, BrokenRule>();
  const suspected: Hit[] = [];
  for (const hit of hits) {
    const { rule, discounted: isDiscounted = false } = hit;
    if (rule === LEARNED) {
      if (!isDiscounted) suspected.push(hit);
    } else if (rule === MEANT) continue;
    else if (!isDiscounted || !rules.has(rule.id)) rules.set(rule.id, { id: rule.id, severity: rule.severity, discounted: isDiscounted, wordless: rule.wordless ?? false });
  }
  return { model: doubtOf(hits, LEARNED, logOdds), meaning: doubtOf(hits, MEANT, meaning[0]?.weight ?? -Infinity), second: secondOf(suspected), rules: [...rules.values()] };
}

/** @param otherwise where there is no hit */
function doubtOf(hits: readonly Hit[], rule: RuleInfo, otherwise: number): Doubt {
  const most = (discounted: boolean) => hits.reduce((highest, hit) => (hit.rule === rule && (hit.discounted ?? false) === discounted ? Math.max(highest, hit.evidence ?? 0) : highest), -Infinity);
  const doubt = { plain: most(false), discounted: most(true) };
  return doubt.plain === -Infinity && doubt.discounted === -Infinity ? { ...doubt, plain: otherwise } : doubt;
}

function secondOf(suspected: readonly Hit[]): number {
  const first = suspected.find(({ evidence }) => evidence === Math.max(...suspected.map((one) => one.evidence!)));
  const elsewhere = suspected.filter(({ pointer, start, end }) => pointer !== first!.pointer || start >= first!.end || end <= first!.start);
  return Math.min(MOST, elsewhere.reduce((most, { evidence }) => Math.max(most, evidence!), 0));
}

/** Probability that a definition steers its reader. */
export function scoreOf(evidence: Evidence, combination: Combination): number {
  const { prior, innocence, suspicion, harmlessMeaning, harmfulMeaning, second, discount } = combination;
  const model = boundedLogOdds(evidence, 'model', discount);
  const meaning = boundedLogOdds(evidence, 'meaning', discount);
  let logOdds = prior + (model < 0 ? innocence : suspicion) * model + (meaning < 0 ? harmlessMeaning : harmfulMeaning) * meaning + second * evidence.second;
  for (const rule of evidence.rules) logOdds += worthOf(rule, combination) * (rule.discounted ? discount : 1);
  return 1 / (1 + Math.exp(-logOdds));
}

/** What a learned layer says, within bounds; not below zero where what is objected to stands outside of its sentences. */
export function boundedLogOdds({ rules, ...layers }: Evidence, layer: 'model' | 'meaning', discount: number): number {
  const { plain, discounted } = layers[layer];
  const least = rules.some(({ wordless, severity, discounted: said }) => wordless && !said && SERIOUS.has(severity)) ? 0 : LEAST;
  return Math.min(layer === 'model' ? MOST : MOST_BY_MEANING, Math.max(least, plain, discounted > 0 ? discounted * discount : discounted));
}

function worthOf({ id, severity }: BrokenRule, { severities, rules }: Combination): number {
  return severities[severity] + (rules[id] ?? 0);
}

export function verdictOf(score: number): Verdict {
  if (score >= REJECT) return 'reject';
  return score >= REVIEW ? 'review' : 'approve';
}
