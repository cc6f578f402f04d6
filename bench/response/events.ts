import { incidentOfDetection, incidentOfEvent, INCIDENT_EVENT, incidentId, type BusEvent, type Incident, type IncidentKind } from '../../lambda/response';

/** What the callers of the bench are. */
export const CALLER = { type: 'Agent', id: 'worker', issuer: 'anonymous' } as const;
export const ADDRESS = '203.0.113.7';
export const SERVER = 'work';
export const TOOL = 'work';
export const WORKLOAD = { kind: 'workload', platform: 'ecs', cluster: 'zone', service: SERVER } as const;

/** How each kind of incident comes in: as events of the sources that tell of it, and from there by the same mapping as everywhere. */
export const EVENTS: Readonly<Record<IncidentKind, (round: number, now: number) => Incident>> = {
  tool_poisoning: (round, now) =>
    ofEvent({
      source: 'mcp-zero-trust.registry',
      'detail-type': 'MCP Tool State Change',
      detail: { action: 'quarantine', from: 'approved', to: 'quarantined', subject: `${SERVER}/${TOOL}`, revision: round, pin: 'a'.repeat(64), by: 'schedule', at: iso(now), why: 'the detector rejects it now: it gives orders' },
    }),
  unauthorised_access: (round, now) => reported('unauthorised_access', round, now, { kind: 'principal', ...CALLER }),
  exfiltration: (round, now) =>
    incidentOfDetection({ kind: 'combined', at: now + round, principal: JSON.stringify([CALLER.issuer, CALLER.type, CALLER.id]), risk: 90, signals: ['volume', 'destination', 'dlp'], why: 'more data moved than usual' })!,
  server_compromise: (round, now) =>
    ofEvent({
      source: 'aws.guardduty',
      'detail-type': 'GuardDuty Finding',
      detail: { id: `finding-${round}`, type: 'Execution:Runtime/ReverseShell', severity: 8, resource: { resourceType: 'ECSCluster', ecsClusterDetails: { name: WORKLOAD.cluster, taskDetails: { group: `service:${WORKLOAD.service}` } } }, service: { eventLastSeen: iso(now) } },
    }),
  denial_of_service: (round, now) => reported('denial_of_service', round, now, { kind: 'address', address: ADDRESS }),
};

function reported(kind: IncidentKind, round: number, now: number, subject: object): Incident {
  const source = { name: 'bench', eventId: `${kind} ${round}` };
  return ofEvent({
    source: INCIDENT_EVENT.source,
    'detail-type': INCIDENT_EVENT.detailType,
    detail: JSON.parse(JSON.stringify({ kind, id: incidentId(source), severity: 'high', at: iso(now), why: 'bench', source, subjects: [subject], evidence: [] })),
  });
}

function ofEvent(event: BusEvent): Incident {
  const incident = incidentOfEvent(event);
  if (incident === undefined) throw new Error('the event tells of no incident');
  return incident;
}

function iso(now: number): string {
  return new Date(now).toISOString();
}
