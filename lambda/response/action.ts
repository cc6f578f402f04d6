import { subjectId } from '../integrity';
import type { AddressSubject, PrincipalSubject, ServerSubject, ToolSubject, WorkloadSubject } from './incident';

/** One thing that is done about an incident (IR-2). */
export type Action = Containment | Accompaniment;

/** Takes something away, and can give it back. */
export type Containment =
  /** Withdraws the approval of a definition: no model reads it, nobody calls it. */
  | { readonly kind: 'quarantine_tool'; readonly tool: ToolSubject }
  /** Sets aside all just-in-time grants that concern the subject. */
  | { readonly kind: 'revoke_grants'; readonly subject: PrincipalSubject | ToolSubject | ServerSubject }
  /** Refuses every call of a principal (kill switch). */
  | { readonly kind: 'block_principal'; readonly principal: PrincipalSubject }
  /** Refuses every call to a server (kill switch). */
  | { readonly kind: 'block_server'; readonly server: ServerSubject }
  /** Refuses every request from an address. */
  | { readonly kind: 'block_address'; readonly address: AddressSubject }
  /** Cuts a workload off from the network; it goes on running, to be looked at. */
  | { readonly kind: 'isolate_workload'; readonly workload: WorkloadSubject }
  /** Scales a workload to zero. */
  | { readonly kind: 'stop_workload'; readonly workload: WorkloadSubject };

/** Goes with a containment and takes nothing away: there is nothing to give back. */
export type Accompaniment =
  /** Copies what may be gone later to where nobody can change it. */
  | { readonly kind: 'preserve_evidence'; readonly workloads: readonly WorkloadSubject[] }
  /** Tells people; `again`: that it was seen again then, ISO 8601, after it was taken back; `closing`: how it stands since somebody decided, or nobody did. */
  | { readonly kind: 'notify'; readonly again?: string; readonly closing?: Closing };

/** What a playbook ended with. */
export interface Closing {
  /** Numbers of the actions that nobody decided on while it waited. */
  readonly unanswered: readonly number[];
}

export type ActionKind = Action['kind'];
export type ContainmentKind = Containment['kind'];

export const CONTAINMENT_KINDS = ['quarantine_tool', 'revoke_grants', 'block_principal', 'block_server', 'block_address', 'isolate_workload', 'stop_workload'] as const satisfies readonly ContainmentKind[];

export function isContainment(action: Action): action is Containment {
  return action.kind !== 'preserve_evidence' && action.kind !== 'notify';
}

/** What a containment takes hold of: two of the same name are the same containment, whatever incident asks for it. */
export function holdId(action: Containment): string {
  return `${action.kind} ${nameOf(subjectOf(action))}`;
}

/** One line of text that says which subject it is. */
export function nameOf(subject: PrincipalSubject | ToolSubject | ServerSubject | AddressSubject | WorkloadSubject): string {
  switch (subject.kind) {
    case 'tool':
      return `tool ${subjectId(subject)}`;
    case 'principal':
      return `principal ${subject.type} ${subject.id} of ${subject.issuer}`;
    case 'server':
      return `server ${subject.server}`;
    case 'address':
      return `address ${subject.address}`;
    case 'workload':
      return subject.platform === 'ecs' ? `ECS service ${subject.cluster}/${subject.service}` : `Deployment ${subject.cluster}/${subject.namespace}/${subject.deployment}`;
  }
}

export function subjectOf(action: Containment) {
  switch (action.kind) {
    case 'quarantine_tool':
      return action.tool;
    case 'revoke_grants':
      return action.subject;
    case 'block_principal':
      return action.principal;
    case 'block_server':
      return action.server;
    case 'block_address':
      return action.address;
    case 'isolate_workload':
    case 'stop_workload':
      return action.workload;
  }
}

/** What the action does, as the end of a sentence that begins with "would" or "to". */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'quarantine_tool':
      return `quarantine the ${nameOf(action.tool)}`;
    case 'revoke_grants':
      return `set aside the grants that concern the ${nameOf(action.subject)}`;
    case 'block_principal':
      return `refuse every call of the ${nameOf(action.principal)}`;
    case 'block_server':
      return `refuse every call to the ${nameOf(action.server)}`;
    case 'block_address':
      return `refuse every request from the ${nameOf(action.address)}`;
    case 'isolate_workload':
      return `cut the ${nameOf(action.workload)} off from the network`;
    case 'stop_workload':
      return `stop the ${nameOf(action.workload)}`;
    case 'preserve_evidence':
      return 'keep a copy of the evidence';
    case 'notify':
      if (action.closing !== undefined) return 'tell the responders how it stands now';
      return action.again === undefined ? 'tell the responders' : 'tell the responders that it was seen again';
  }
}
