import { incidentId, type Evidence, type Incident, type IncidentSource } from '../incident';

/** The audit trail around a moment is always worth keeping: what led to it, and what came of it. */
const BEFORE_MS = 15 * 60_000;
const AFTER_MS = 5 * 60_000;
const MAX_WHY = 1_000;

/** Everything of an incident but its id, which follows from its source. */
export type Reported = { [K in Incident['kind']]: Omit<Extract<Incident, { kind: K }>, 'id' | 'source' | 'evidence'> & { readonly evidence?: readonly Evidence[] } }[Incident['kind']];

/** The incident that an event tells of, with the audit trail around it as evidence. */
export function report(source: IncidentSource, { evidence = [], ...reported }: Reported): Incident {
  const at = Date.parse(reported.at);
  const around: Evidence = { kind: 'audit', from: new Date(at - BEFORE_MS).toISOString(), to: new Date(at + AFTER_MS).toISOString() };
  return { ...reported, at: new Date(at).toISOString(), why: reported.why.slice(0, MAX_WHY), id: incidentId(source), source, evidence: [...evidence, around] } as Incident;
}
