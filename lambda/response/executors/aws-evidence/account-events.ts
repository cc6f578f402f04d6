import { setTimeout as pause } from 'node:timers/promises';
import type { JsonValue } from '../../../protocol';
import type { WorkloadSubject } from '../../incident';
import type { EvidenceSource } from '../evidence';
import type { AskAws } from './ask';
import type { WorkloadPlaces } from './places';

export interface AccountEventsOptions {
  readonly ask: AskAws;
  /** Sessions of the role of tasks are named by the ids of the tasks. */
  readonly places: WorkloadPlaces;
  /** Between two questions: CloudTrail answers two a second. @default - setTimeout */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

const HOUR = 3_600_000;
const MAX_LOOKUPS = 4;
const PAUSE_MS = 600;

/**
 * What CloudTrail knows an hour back: of tasks, what they did in the account by their role; of a cluster of Kubernetes, who changed it. It hears of
 * things some minutes after they were done, and of data events only in the trail's bucket.
 */
export function accountEvents({ ask, places, wait = pause, clock = Date.now }: AccountEventsOptions): EvidenceSource {
  async function read(workload: WorkloadSubject, at: number): Promise<JsonValue> {
    const attributes = workload.platform === 'ecs'
      ? (await places.tasksOf(workload)).slice(0, MAX_LOOKUPS).map((AttributeValue) => ({ AttributeKey: 'Username', AttributeValue }))
      : [{ AttributeKey: 'ResourceName', AttributeValue: workload.cluster }];
    const lookups: JsonValue[] = [];
    for (const [index, attribute] of attributes.entries()) {
      if (index > 0) await wait(PAUSE_MS);
      const { Events = [] } = await ask.json('cloudtrail', 'LookupEvents', { LookupAttributes: [attribute], StartTime: (at - HOUR) / 1000, EndTime: clock() / 1000, MaxResults: 50 });
      lookups.push({ ...attribute, events: Events });
    }
    return { from: new Date(at - HOUR).toISOString(), lookups };
  }

  return ({ at }, workloads) => workloads.map((workload, index) => ({ name: `account-${index + 1}.json`, read: () => read(workload, Date.parse(at)) }));
}
