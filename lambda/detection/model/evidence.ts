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

/** What the model's log-odds are worth beside the rules': counted double, since rules rarely agree with it by chance. */
const SHARE = 2;

/** The sentences that the model objects to, each with its evidence. A model that finds nothing speaks for nobody. */
export function modelHits({ spans }: ModelScore): readonly Hit[] {
  return spans.map(({ pointer, start, end, weight }) => ({ rule: LEARNED, pointer, start, end, evidence: SHARE * weight }));
}
