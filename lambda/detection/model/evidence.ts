import type { Hit } from '../rules/hit';
import type { RuleInfo } from '../rules/rule';
import type { ModelScore, ModelSpan } from '../types';

/** What the model finds, as a reviewer reads it. */
export const LEARNED: RuleInfo = {
  id: 'TP-901',
  severity: 'high',
  sentence: 'A sentence reads like an order to the agent rather than a description of the tool.',
  safId: 'SAF-T1001',
  owaspId: 'MCP03',
};

/** The same by what the sentence means, in its order. */
export const MEANT: RuleInfo = {
  id: 'TP-902',
  severity: 'high',
  sentence: 'What this sentence means is an order about something that is not the business of the tool.',
  safId: 'SAF-T1001',
  owaspId: 'MCP03',
};

/** The sentences that the model objects to, each with its log-odds. A model that finds nothing speaks for nobody. */
export function modelHits({ spans, meaning }: ModelScore): readonly Hit[] {
  const hits = (rule: RuleInfo, found: readonly ModelSpan[]) => found.map(({ pointer, start, end, weight }) => ({ rule, pointer, start, end, evidence: weight }));
  return [...hits(LEARNED, spans), ...hits(MEANT, meaning.filter(({ weight }) => weight > 0))];
}
