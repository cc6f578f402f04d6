import type { Hit } from '../rules/hit';
import type { RuleInfo } from '../rules/rule';
import type { ModelScore } from '../types';

/** What the model finds, as a reviewer reads it. */
export const LEARNED: RuleInfo = {
  id: 'TP-901',
  severity: 'high',
  sentence: 'A sentence reads like an order to the agent rather than a description of the tool.',
  safId: 'SAF-T1001',
  owaspId: 'MCP03',
};

/** The sentences that the model objects to, each with its log-odds. A model that finds nothing speaks for nobody. */
export function modelHits({ spans }: ModelScore): readonly Hit[] {
  return spans.map(({ pointer, start, end, weight }) => ({ rule: LEARNED, pointer, start, end, evidence: weight }));
}
