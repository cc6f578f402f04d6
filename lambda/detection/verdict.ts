import type { Hit } from './rules/hit';
import type { Severity, Verdict } from './types';

/** Evidence of one rule, in units of log-odds. */
const WEIGHT: Readonly<Record<Severity, number>> = { info: 0, low: 0.6, medium: 1.7, high: 4.4, critical: 7 };

/** What is said about, in quotation or by whoever looks for it, is worth this part of what is said. */
const DISCOUNT = 0.35;

/** Log-odds of a definition without any finding. */
const PRIOR = -3.8;

/** From here on a definition waits for a person, and from there on it is refused. */
const REVIEW = 0.1;
const REJECT = 0.5;

/** Probability that a definition steers its reader, from the rules it breaks: each rule counts once. */
export function scoreOf(hits: readonly Hit[]): number {
  const evidence = new Map<string, number>();
  for (const { rule, discounted, evidence: given } of hits) {
    const weight = (given ?? WEIGHT[rule.severity]) * (discounted ? DISCOUNT : 1);
    evidence.set(rule.id, Math.max(evidence.get(rule.id) ?? 0, weight));
  }
  let logOdds = PRIOR;
  for (const weight of evidence.values()) logOdds += weight;
  return 1 / (1 + Math.exp(-logOdds));
}

export function verdictOf(score: number): Verdict {
  if (score >= REJECT) return 'reject';
  return score >= REVIEW ? 'review' : 'approve';
}
