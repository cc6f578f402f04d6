import { holdId, isContainment, type Action, type ActionKind, type Containment } from './action';
import { isAtLeast, isSameWorkload, type Incident, type Severity, type Subject, type WorkloadSubject } from './incident';

/** How far the response goes by itself (SOC-3). */
export interface ResponsePolicy {
  /** Containments of incidents at least as severe are carried out without asking. @default 'high' */
  readonly automaticFrom?: Severity;
  /** Kinds of containment that always wait for a person. @default ['stop_workload'] */
  readonly approvalFor?: readonly ActionKind[];
  /** Subjects that are never contained without a person, as `nameOf` writes them: the office's address, a service account. @default - none */
  readonly protected?: readonly string[];
  /** Nothing is carried out, everything is written down. @default false */
  readonly dryRun?: boolean;
}

/** What is known of where servers run. */
export interface Estate {
  /** The workloads of each server, by the server's name. @default - not known: what is named is taken hold of */
  readonly workloads?: Readonly<Record<string, readonly WorkloadSubject[]>>;
  /** Names of clusters of EKS that are watched besides those that servers are known to run in. @default - none */
  readonly eksClusters?: readonly string[];
}

/** Whether a workload is in a cluster that servers run in: the others of an account are other people's. */
export function isNear({ platform, cluster }: WorkloadSubject, { workloads = {}, eksClusters = [] }: Estate): boolean {
  if (platform === 'kubernetes' && eksClusters.includes(cluster)) return true;
  return Object.values(workloads).some((theirs) => theirs.some((one) => one.platform === platform && one.cluster === cluster));
}

/** One step of the answer to an incident. */
export interface PlannedAction {
  /** From 1, in the order in which they are carried out. */
  readonly number: number;
  readonly action: Action;
  /** `approval`: waits for a person. `dry_run`: says what it would do. */
  readonly mode: 'automatic' | 'approval' | 'dry_run';
}

const DEFAULT_AUTOMATIC_FROM: Severity = 'high';
const DEFAULT_APPROVAL_FOR: readonly ActionKind[] = ['stop_workload'];

/**
 * What is done about an incident, in this order: what takes effect at once and costs little, then a copy of the evidence while it
 * is still there, then what may destroy some of it, then word to people. Pure.
 *
 * Control: IR-2, SOC-3.
 */
export function planFor(incident: Incident, estate: Estate = {}, policy: ResponsePolicy = {}): readonly PlannedAction[] {
  const workloads = workloadsOf(incident, estate);
  const actions: Action[] = [...distinct(containmentsOf(incident, estate)), { kind: 'preserve_evidence', workloads }, ...distinct(isolationsOf(incident, workloads.filter((workload) => isServers(workload, estate)))), { kind: 'notify' }];
  return actions.map((action, index) => ({ number: index + 1, action, mode: modeOf(action, incident, policy) }));
}

function containmentsOf(incident: Incident, estate: Estate): Containment[] {
  switch (incident.kind) {
    case 'tool_poisoning':
      return incident.subjects.flatMap((tool): Containment[] => [{ kind: 'quarantine_tool', tool }, { kind: 'revoke_grants', subject: tool }]);
    case 'unauthorised_access':
    case 'exfiltration':
      return incident.subjects.flatMap(containmentsOn);
    case 'server_compromise':
      return serversOf(incident.subjects, estate).flatMap((server): Containment[] => [
        { kind: 'block_server', server: { kind: 'server', server } },
        { kind: 'revoke_grants', subject: { kind: 'server', server } },
      ]);
    case 'denial_of_service':
      // Their grants do no harm: they are only too many requests.
      return incident.subjects.flatMap(containmentsOn).filter(({ kind }) => kind !== 'revoke_grants');
  }
}

function containmentsOn(subject: Subject): Containment[] {
  switch (subject.kind) {
    case 'principal':
      return [{ kind: 'block_principal', principal: subject }, { kind: 'revoke_grants', subject }];
    case 'tool':
      return [{ kind: 'quarantine_tool', tool: subject }, { kind: 'revoke_grants', subject }];
    case 'address':
      return [{ kind: 'block_address', address: subject }];
    case 'server':
      return [{ kind: 'block_server', server: subject }];
    case 'workload':
      return [];
  }
}

/** A workload that was taken over is cut off, and only a person stops it, which ends what runs in its memory. */
function isolationsOf({ kind, severity }: Incident, workloads: readonly WorkloadSubject[]): Containment[] {
  const isolate = workloads.map((workload): Containment => ({ kind: 'isolate_workload', workload }));
  const stop = kind === 'server_compromise' && severity === 'critical' ? workloads.map((workload): Containment => ({ kind: 'stop_workload', workload })) : [];
  return [...isolate, ...stop];
}

/** The gateway's own workload is for people, who know what goes with it, and so is one that is somebody else's. */
function isServers(workload: WorkloadSubject, { workloads }: Estate): boolean {
  return workloads === undefined || Object.values(workloads).some((theirs) => theirs.some((one) => isSameWorkload(one, workload)));
}

function workloadsOf(incident: Incident, estate: Estate): readonly WorkloadSubject[] {
  const named = (incident.subjects as readonly Subject[]).filter((subject) => subject.kind === 'workload');
  if (incident.kind !== 'server_compromise') return named;
  return [...named, ...incident.subjects.flatMap((subject) => (subject.kind === 'server' ? (estate.workloads?.[subject.server] ?? []) : []))];
}

/** The servers that are named, and those whose workload is. */
function serversOf(subjects: readonly Subject[], { workloads = {} }: Estate): readonly string[] {
  const isNamed = (workload: WorkloadSubject) => subjects.some((subject) => subject.kind === 'workload' && isolationId(subject) === isolationId(workload));
  const onWorkloads = Object.entries(workloads).filter(([, theirs]) => theirs.some(isNamed)).map(([server]) => server);
  return [...new Set([...subjects.flatMap((subject) => (subject.kind === 'server' ? [subject.server] : [])), ...onWorkloads])];
}

function isolationId(workload: WorkloadSubject): string {
  return holdId({ kind: 'isolate_workload', workload });
}

function distinct(actions: readonly Containment[]): Containment[] {
  return [...new Map(actions.map((action) => [holdId(action), action])).values()];
}

function modeOf(action: Action, { severity }: Incident, policy: ResponsePolicy): PlannedAction['mode'] {
  if (policy.dryRun === true) return 'dry_run';
  if (!isContainment(action)) return 'automatic';
  const { automaticFrom = DEFAULT_AUTOMATIC_FROM, approvalFor = DEFAULT_APPROVAL_FOR, protected: spared = [] } = policy;
  const isSpared = spared.some((name) => holdId(action) === `${action.kind} ${name}`);
  return isSpared || approvalFor.includes(action.kind) || !isAtLeast(severity, automaticFrom) ? 'approval' : 'automatic';
}
