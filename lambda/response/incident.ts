import { createHash } from 'node:crypto';

/**
 * Something that has to be contained. The five kinds are the categories that responders know for MCP (IR-1); each names the
 * subjects that a containment can take hold of, so that an incident without one cannot be written down.
 */
export type Incident =
  /** A definition that moves a model to do what nobody asked for, or that changed after it was approved. */
  | IncidentOf<'tool_poisoning', ToolSubject>
  /** Somebody uses MCP who may not, or as somebody else. */
  | IncidentOf<'unauthorised_access', PrincipalSubject | AddressSubject>
  /** Data leaves by way of tools. */
  | IncidentOf<'exfiltration', PrincipalSubject | ToolSubject | AddressSubject | WorkloadSubject>
  /** A server, or what it runs on, does what it was not made for. */
  | IncidentOf<'server_compromise', ServerSubject | WorkloadSubject>
  /** So much is asked for that others are not served. */
  | IncidentOf<'denial_of_service', AddressSubject | PrincipalSubject | WorkloadSubject>;

export type IncidentKind = Incident['kind'];

export interface IncidentOf<Kind extends string, S extends Subject> {
  readonly kind: Kind;
  /** `incidentId(source)`: the same event delivered twice is the same incident. */
  readonly id: string;
  readonly severity: Severity;
  /** When it was noticed, ISO 8601, UTC. */
  readonly at: string;
  /** One sentence for people; never an argument or a result. */
  readonly why: string;
  readonly source: IncidentSource;
  /** What it is about; the first is the main one. */
  readonly subjects: readonly [S, ...S[]];
  /** Where to look, and what to keep (IR-2). */
  readonly evidence: readonly Evidence[];
}

export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** The event that told of it. */
export interface IncidentSource {
  /** `mcp-zero-trust.registry`, `aws.guardduty`, `behaviour`, ... */
  readonly name: string;
  /** Unique within the source. */
  readonly eventId: string;
}

export type Subject = ToolSubject | PrincipalSubject | AddressSubject | ServerSubject | WorkloadSubject;

/** A tool of a server; without `tool`, the instructions that the server gives to the model. */
export interface ToolSubject {
  readonly kind: 'tool';
  readonly server: string;
  readonly tool?: string;
}

export interface PrincipalSubject {
  readonly kind: 'principal';
  readonly type: 'User' | 'Agent';
  readonly id: string;
  readonly issuer: string;
}

/** One IP address, as `readAddress` writes it. Never a range: a mistake must not shut out a network. */
export interface AddressSubject {
  readonly kind: 'address';
  readonly address: string;
}

/** A server behind the gateway, by its route. */
export interface ServerSubject {
  readonly kind: 'server';
  readonly server: string;
}

/** What a server runs on. */
export type WorkloadSubject = EcsWorkload | KubernetesWorkload;

export interface EcsWorkload {
  readonly kind: 'workload';
  readonly platform: 'ecs';
  /** Name of the cluster. */
  readonly cluster: string;
  readonly service: string;
}

export interface KubernetesWorkload {
  readonly kind: 'workload';
  readonly platform: 'kubernetes';
  /** Name of the EKS cluster. */
  readonly cluster: string;
  readonly namespace: string;
  /** Name of the Deployment. */
  readonly deployment: string;
}

export function isSameWorkload(one: WorkloadSubject, other: WorkloadSubject): boolean {
  if (one.cluster !== other.cluster) return false;
  if (one.platform === 'ecs') return other.platform === 'ecs' && one.service === other.service;
  return other.platform === 'kubernetes' && one.namespace === other.namespace && one.deployment === other.deployment;
}

/** What proves it, or helps to understand it. */
export type Evidence =
  /** Everything in the audit trail between two moments, ISO 8601, UTC. */
  | { readonly kind: 'audit'; readonly from: string; readonly to: string }
  /** One request, by its id in the audit trail. */
  | { readonly kind: 'request'; readonly requestId: string }
  /** A definition in the registry, by its pin. */
  | { readonly kind: 'definition'; readonly server: string; readonly tool?: string; readonly pin: string }
  /** A finding of another service, such as GuardDuty, by its id or ARN. */
  | { readonly kind: 'finding'; readonly id: string }
  /** A CloudWatch alarm, by its name. */
  | { readonly kind: 'alarm'; readonly name: string };

/** How an incident travels on the event bus: `detail` is the incident. Rules and the responder match these names. */
export const INCIDENT_EVENT = { source: 'mcp-zero-trust.security', detailType: 'MCP Security Incident' } as const;

export const INCIDENT_KINDS = ['tool_poisoning', 'unauthorised_access', 'exfiltration', 'server_compromise', 'denial_of_service'] as const satisfies readonly IncidentKind[];

/** The least severe first. */
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const satisfies readonly Severity[];

/** Which subjects an incident may name. */
export const SUBJECTS_OF: Readonly<Record<IncidentKind, readonly Subject['kind'][]>> = {
  tool_poisoning: ['tool'],
  unauthorised_access: ['principal', 'address'],
  exfiltration: ['principal', 'tool', 'address', 'workload'],
  server_compromise: ['server', 'workload'],
  denial_of_service: ['address', 'principal', 'workload'],
};

const ID_DIGITS = 16;

/** Names the incident that an event tells of: `inc-` and 16 hexadecimal digits. */
export function incidentId({ name, eventId }: IncidentSource): string {
  return `inc-${createHash('sha256').update(JSON.stringify([name, eventId])).digest('hex').slice(0, ID_DIGITS)}`;
}

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}
