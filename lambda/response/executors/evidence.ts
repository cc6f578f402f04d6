import { subjectId, type ToolRegistry } from '../../integrity';
import type { JsonObject, JsonValue } from '../../protocol';
import type { Action } from '../action';
import type { Executor } from '../executor';
import type { Incident, WorkloadSubject } from '../incident';

/** Where copies go: nobody changes or removes what is there. */
export interface EvidenceStore {
  /**
   * Keeps `content` under `<incident>/<name>`. What is there already stays: the first copy is the one nearest to the incident.
   * Answers where it is.
   */
  keep(incident: string, name: string, content: JsonValue): Promise<string>;
}

/** One file of evidence. */
export interface EvidencePart {
  /** Of the file, unique for the incident. */
  readonly name: string;
  readonly read: () => Promise<JsonValue>;
}

/** What a platform knows of an incident, and of the workloads that it is about. */
export type EvidenceSource = (incident: Incident, workloads: readonly WorkloadSubject[]) => readonly EvidencePart[];

export interface EvidenceOptions {
  readonly store: EvidenceStore;
  /** The registry of tools, for definitions and their history. @default - none is kept */
  readonly registry?: Pick<ToolRegistry, 'find' | 'history' | 'definition'>;
  /** Events of the audit trail between two moments, ISO 8601. @default - the incident names the moments, the trail keeps the events */
  readonly audit?: (from: string, to: string) => Promise<readonly JsonValue[]>;
  /** What runs, as the platform describes it. @default - none is described */
  readonly describeWorkload?: (workload: WorkloadSubject) => Promise<JsonValue>;
  /** What else the platform knows. @default - nothing */
  readonly sources?: readonly EvidenceSource[];
  /** How long a part may take to be read, milliseconds: what cuts a workload off waits for the evidence. @default 20000 */
  readonly limitMs?: number;
}

/** A function that keeps evidence is given 28 seconds (`lib/observability/response/evidence-function.ts`). */
const LIMIT_MS = 20_000;

/**
 * Copies the incident, the definitions it is about with their history, the audit events around it and what runs, to where nobody
 * can change them, all at the same time. What cannot be read is noted, and keeps nothing else from being copied.
 *
 * Control: IR-2, LOG-4.
 */
export function createEvidenceExecutor({ store, registry, audit, describeWorkload, sources = [], limitMs = LIMIT_MS }: EvidenceOptions): Executor<Extract<Action, { kind: 'preserve_evidence' }>> {
  async function definitionOf(id: string): Promise<JsonValue> {
    const found = await registry!.find(id);
    if (found === undefined) return { id, problem: 'the registry does not know it' };
    const { record, revision } = found;
    const approved = record.approval === undefined || record.approval.pin === record.pin ? undefined : await registry!.definition(record.approval.pin);
    const parts = { id, revision, record, definition: await registry!.definition(record.pin), approved, history: await registry!.history(id) };
    return JSON.parse(JSON.stringify(parts)) as JsonValue;
  }

  function partsOf(incident: Incident, workloads: readonly WorkloadSubject[]): readonly EvidencePart[] {
    const ids = registry === undefined ? [] : [...new Set([...incident.subjects, ...incident.evidence].flatMap((one) => (one.kind === 'tool' || one.kind === 'definition' ? [subjectId(one)] : [])))];
    const ranges = audit === undefined ? [] : incident.evidence.flatMap((one) => (one.kind === 'audit' ? [one] : []));
    return [
      { name: 'incident.json', read: async () => incident as unknown as JsonObject },
      ...ids.map((id, index) => ({ name: `definition-${index + 1}.json`, read: () => definitionOf(id) })),
      ...ranges.map(({ from, to }, index) => ({ name: `audit-${index + 1}.json`, read: async () => ({ from, to, events: [...(await audit!(from, to))] }) })),
      ...(describeWorkload === undefined ? [] : workloads).map((workload, index) => ({ name: `workload-${index + 1}.json`, read: () => describeWorkload!(workload) })),
      ...sources.flatMap((source) => source(incident, workloads)),
    ];
  }

  /** Where a part is kept, or why it is not. */
  async function keep(incident: string, { name, read }: EvidencePart): Promise<{ readonly place: string } | { readonly problem: string }> {
    let content: JsonValue;
    try {
      content = await within(limitMs, read());
    } catch (error) {
      return { problem: `${name} could not be read (${(error as Error).name})` };
    }
    return { place: await store.keep(incident, name, content) };
  }

  return {
    observe: async () => ({ is: 'nothing is kept yet', contained: false, value: {} }),
    async apply({ workloads }, _, { incident }) {
      const kept = await Promise.all(partsOf(incident, workloads).map((part) => keep(incident.id, part)));
      const places = kept.flatMap((one) => ('place' in one ? [one.place] : []));
      const problems = kept.flatMap((one) => ('problem' in one ? [one.problem] : []));
      const where = places[0]!.slice(0, places[0]!.lastIndexOf('/'));
      return [`${places.length} files are kept in ${where}`, ...problems].join('; ');
    },
    undo: async () => 'the evidence is kept',
  };
}

/** @throws an error named `TooSlow` after so many milliseconds */
async function within<T>(milliseconds: number, reading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('it took too long'), { name: 'TooSlow' })), milliseconds);
  });
  try {
    return await Promise.race([reading, tooSlow]);
  } finally {
    clearTimeout(timer);
  }
}
