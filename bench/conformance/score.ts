/** From the referee's checks to a score, and to what of it was expected. */
import type { Check, Requirements } from './referee';

/** The outcome of one requirement set for one server. */
export interface Score {
  readonly passed: number;
  readonly failed: readonly Check[];
  /** Of scenarios that are run and not scored. */
  readonly unscoredPassed: number;
  readonly unscoredFailed: readonly Check[];
  /** Recommendations (SHOULD) that were not followed, scored or not. */
  readonly warnings: readonly Check[];
}

/** Counts the checks; INFO and SKIPPED count nowhere, as in the suite itself. */
export function scoreOf(checks: readonly Check[]): Score {
  const having = (status: Check['status'], scored: boolean) =>
    checks.filter((check) => check.status === status && check.scored === scored);
  return {
    passed: having('SUCCESS', true).length,
    failed: having('FAILURE', true),
    unscoredPassed: having('SUCCESS', false).length,
    unscoredFailed: having('FAILURE', false),
    warnings: checks.filter(({ status }) => status === 'WARNING'),
  };
}

/** Scored checks that may fail through the gateway, as `<scenario>:<check id>`, for each requirement set. */
export type ExpectedFailures = Readonly<Record<Requirements, readonly string[]>>;

/** What the list of expected failures says of a score. */
export interface Comparison {
  readonly unexpected: readonly Check[];
  /** Entries that did not fail: the list must shrink. */
  readonly stale: readonly string[];
}

/** Holds a score against the entries of its requirement set. */
export function compare({ failed }: Score, expected: readonly string[]): Comparison {
  const failures = new Set(failed.map(nameOf));
  return {
    unexpected: failed.filter((check) => !expected.includes(nameOf(check))),
    stale: expected.filter((entry) => !failures.has(entry)),
  };
}

/** A check as the list of expected failures names it. */
export function nameOf({ scenario, id }: Check): string {
  return `${scenario}:${id}`;
}
