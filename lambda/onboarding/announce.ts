import { parseSubject, type Step, type ToolRecord } from '../integrity';

/** A step of a tool's life cycle, as the world outside hears of it (LOG-1: tool registration and updates). */
export interface ToolStateChange extends Step {
  /** `server/tool`, or the server alone for its instructions. */
  readonly subject: string;
  readonly server: string;
  readonly tool?: string;
  readonly revision: number;
  readonly sensitive: boolean;
  /** Of the last scan. @default - not scanned yet */
  readonly verdict?: string;
  readonly score?: number;
  /** Rules that it breaks. */
  readonly rules: readonly string[];
}

/** A reason names other tools, whose names are chosen by servers. */
const MAX_WHY = 1_000;

/** The steps that led to this revision of a record. */
export function changesOf(id: string, revision: number, { steps, sensitive, scan }: ToolRecord): readonly ToolStateChange[] {
  const scanned = scan === undefined ? {} : { verdict: scan.verdict, score: scan.score };
  const rules = [...new Set((scan?.findings ?? []).map(({ ruleId }) => ruleId))];
  return steps.map((step) => ({ ...step, why: step.why.slice(0, MAX_WHY), subject: id, ...parseSubject(id), revision, sensitive, ...scanned, rules }));
}
