import type { JsonObject, JsonValue } from '../../protocol';
import { isJsonObject } from '../../protocol';
import { incidentId, SEVERITIES, type AddressSubject, type Incident, type IncidentSource, type Severity, type WorkloadSubject } from '../incident';
import { isNear, type Estate } from '../playbook';
import { readAddress } from '../read-incident';
import { report } from './build';

const SOURCE = 'aws.guardduty';
const HIGHEST: readonly (readonly [number, Severity])[] = [[9, 'critical'], [7, 'high'], [4, 'medium']];

/**
 * A finding of GuardDuty on a container of ECS or EKS, in a cluster that servers run in. What is found elsewhere, such as in an
 * account's users or in the clusters of others, is for others: no playbook takes hold of it.
 *
 * @param estate without it, every cluster is one that servers run in
 * @see https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html
 */
export function incidentOfFinding(detail: JsonObject, estate?: Estate): Incident | undefined {
  const workload = workloadIn(detail);
  const id = textAt(detail, 'id');
  const type = textAt(detail, 'type');
  const at = textAt(detail, 'service.eventLastSeen') ?? textAt(detail, 'updatedAt');
  if (workload === undefined || id === undefined || type === undefined || at === undefined) return undefined;
  if (estate !== undefined && !isNear(workload, estate)) return undefined;
  const reported = { severity: severityOf(detail.severity), at, why: `GuardDuty found ${type}`, evidence: [{ kind: 'finding', id } as const] };
  const source = sourceOf(id, reported.severity);
  const client = clientIn(detail);
  if (/^[^:]+:[^/]+\/DenialOfService/.test(type)) return report(source, { ...reported, kind: 'denial_of_service', subjects: [workload] });
  if (/^Exfiltration:/.test(type)) return report(source, { ...reported, kind: 'exfiltration', subjects: client === undefined ? [workload] : [workload, client] });
  return report(source, { ...reported, kind: 'server_compromise', subjects: [workload] });
}

/**
 * The incidents that the finding of this one was when it was more severe, the most severe first; none for what is no finding. An update of
 * a finding is the same incident: what a person took back stays taken back. One that got worse is another, with a plan of its own; one
 * that got milder is still the one that it was at worst.
 */
export function worseOnesOf(incident: Incident): readonly Incident[] {
  if (incident.source.name !== SOURCE) return [];
  const id = incident.source.eventId.slice(0, -incident.severity.length - 1);
  return SEVERITIES.slice(SEVERITIES.indexOf(incident.severity) + 1).toReversed().map((severity) => {
    const source = sourceOf(id, severity);
    return { ...incident, severity, source, id: incidentId(source) };
  });
}

function sourceOf(finding: string, severity: Severity): IncidentSource {
  return { name: SOURCE, eventId: `${finding} ${severity}` };
}

function severityOf(value: JsonValue | undefined): Severity {
  return HIGHEST.find(([from]) => typeof value === 'number' && value >= from)?.[1] ?? 'low';
}

const SERVICE_GROUP = /^service:(.+)$/;
/** A pod of a Deployment: its name, that of its ReplicaSet, and its own. */
const POD = /^(.+)-[a-z0-9]{5,10}-[a-z0-9]{5}$/;

function workloadIn(detail: JsonObject): WorkloadSubject | undefined {
  const ecs = textAt(detail, 'resource.ecsClusterDetails.name');
  const service = SERVICE_GROUP.exec(textAt(detail, 'resource.ecsClusterDetails.taskDetails.group') ?? '')?.[1];
  if (ecs !== undefined && service !== undefined) return { kind: 'workload', platform: 'ecs', cluster: ecs, service };
  const cluster = textAt(detail, 'resource.eksClusterDetails.name');
  const of = 'resource.kubernetesDetails.kubernetesWorkloadDetails';
  const [name, namespace, type] = [textAt(detail, `${of}.name`), textAt(detail, `${of}.namespace`), textAt(detail, `${of}.type`)];
  const deployment = type === 'deployments' ? name : POD.exec(name ?? '')?.[1];
  if (cluster === undefined || namespace === undefined || deployment === undefined) return undefined;
  return { kind: 'workload', platform: 'kubernetes', cluster, namespace, deployment };
}

/** Who connected to the workload, where that is what was found. */
function clientIn(detail: JsonObject): AddressSubject | undefined {
  const of = 'service.action.networkConnectionAction';
  if (textAt(detail, `${of}.connectionDirection`) !== 'INBOUND') return undefined;
  const address = readAddress(textAt(detail, `${of}.remoteIpDetails.ipAddressV4`) ?? '');
  return address === undefined ? undefined : { kind: 'address', address };
}

function textAt(detail: JsonObject, path: string): string | undefined {
  let value: JsonValue | undefined = detail;
  for (const member of path.split('.')) value = isJsonObject(value) ? value[member] : undefined;
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}
