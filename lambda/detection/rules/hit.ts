import type { Finding } from '../types';
import type { RuleInfo } from './rule';

/** A rule that a definition breaks, and where in the original text. */
export interface Hit {
  readonly rule: RuleInfo;
  readonly pointer: string;
  /** In the ORIGINAL text at `pointer`. */
  readonly start: number;
  readonly end: number;
  /** Said about rather than said: in quotation, in code, or by whoever looks for it. Counts less. */
  readonly discounted?: boolean;
  /** Log-odds for it, where the learned layer made it. */
  readonly evidence?: number;
}

export function findingOf({ rule, pointer, start, end }: Hit): Finding {
  const { id, severity, sentence, safId, owaspId } = rule;
  return { ruleId: id, severity, pointer, start, end, sentence, ...(safId ? { safId } : {}), ...(owaspId ? { owaspId } : {}) };
}
