import { parseSubject, type Step } from '../../integrity';
import { RESPONDER } from '../executor';
import type { Incident, ToolSubject } from '../incident';
import { report } from './build';

/** A step of a definition's life, as registries announce it. */
export type RegistryStep = Pick<Step, 'action' | 'from' | 'to' | 'pin' | 'by' | 'at' | 'why'> & {
  readonly subject: string;
  readonly revision: number;
  /** Of the last scan. */
  readonly verdict?: string;
};

const SOURCE = 'mcp-zero-trust.registry';
/** By whom the detector of today stops what it approved before. */
const BY_DETECTOR = /^the detector rejects it now/;

/**
 * Tool poisoning: a definition changed after it was approved (a rug pull), or the detector of today rejects what is approved.
 * What a person stopped is no news to people, and what the response itself stopped none to the response.
 */
export function incidentOfStep(step: RegistryStep): Incident | undefined {
  const { action, from, to, subject, revision, pin, by, at, why, verdict } = step;
  if (to !== 'quarantined' || from !== 'approved' || by === RESPONDER) return undefined;
  const isChange = action === 'change';
  if (!isChange && !(action === 'quarantine' && BY_DETECTOR.test(why))) return undefined;
  const tool: ToolSubject = { kind: 'tool', ...parseSubject(subject) };
  return report(
    { name: SOURCE, eventId: `${subject} ${revision}` },
    {
      kind: 'tool_poisoning',
      severity: verdict === 'reject' ? 'critical' : 'high',
      at,
      why: isChange ? 'its definition changed after it was approved' : 'the detector rejects a definition that was approved',
      subjects: [tool],
      evidence: [{ kind: 'definition', server: tool.server, ...(tool.tool === undefined ? {} : { tool: tool.tool }), pin }],
    },
  );
}
