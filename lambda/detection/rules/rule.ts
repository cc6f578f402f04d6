import type { Severity, TextKind } from '../types';

/** What all rules have: how a reviewer and a report know them. */
export interface RuleInfo {
  /** Stable, `TP-xxx`; never reused. */
  readonly id: string;
  readonly severity: Severity;
  /** One sentence that a reviewer understands. */
  readonly sentence: string;
  /** Technique of the Secure Agentic Framework (SAF-MCP). */
  readonly safId?: string;
  /** Entry of the OWASP MCP Top 10. */
  readonly owaspId?: string;
  /** What it objects to stands in no sentence that the learned layer could read: harmless sentences do not excuse it. @default false */
  readonly wordless?: boolean;
}

/** A rule over the meaning of one sentence. */
export interface PhraseRule extends RuleInfo {
  /** Any of them; {@link Pattern} says how they are written. */
  readonly patterns: readonly string[];
  /** Kinds of text that it holds for. @default all */
  readonly kinds?: readonly TextKind[];
}
