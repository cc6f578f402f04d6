import { isJsonObject, type JsonValue } from '../protocol';
import type { ScanFinding, ScanResult } from './life-cycle';
import type { Scan } from './registry';

/** What somebody else says of the texts of a definition. A rejection of the promise is no opinion. */
export type SecondOpinion = (texts: readonly string[]) => Promise<'attack' | 'nothing'>;

export interface SecondOpinionOptions {
  /** Score from which on the other is asked; what the scan rejects already is rejected without. @default 0.02 */
  readonly fromScore?: number;
}

const DEFAULT_FROM_SCORE = 0.02;
/** Rules of their own, so that a reviewer sees whose word it is. */
const ATTACK: ScanFinding = { ruleId: 'SO-001', severity: 'high', pointer: '', start: 0, end: 0, sentence: 'The second opinion takes its texts for an attack on the model.' };
const NO_OPINION: ScanFinding = { ruleId: 'SO-002', severity: 'medium', pointer: '', start: 0, end: 0, sentence: 'The second opinion was asked and could not be heard, so a person has to look.' };

/**
 * A scan that asks somebody else about what it is not sure of. The other can make a verdict stricter by one step, and never
 * milder; when it cannot be heard, the verdict is at least `review`.
 */
export function withSecondOpinion(scan: Scan, opinion: SecondOpinion, { fromScore = DEFAULT_FROM_SCORE }: SecondOpinionOptions = {}): Scan {
  return async (subject, definition) => {
    const first = await scan(subject, definition);
    if (first.verdict === 'reject' || (first.verdict === 'approve' && first.score < fromScore)) return first;
    let second: Awaited<ReturnType<SecondOpinion>>;
    try {
      second = await opinion(textsIn(definition));
    } catch {
      return stricter(first, 'review', NO_OPINION);
    }
    return second === 'attack' ? stricter(first, first.verdict === 'review' ? 'reject' : 'review', ATTACK) : first;
  };
}

function stricter({ score, findings }: ScanResult, verdict: ScanResult['verdict'], finding: ScanFinding): ScanResult {
  return { verdict, score, findings: [finding, ...findings] };
}

/** Every text of a definition, keys included. */
function textsIn(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isJsonObject(value) ? Object.entries(value).flatMap(([key, inner = null]) => [key, ...textsIn(inner)]) : [];
}
