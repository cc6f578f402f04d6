import type { JsonObject, JsonValue } from '../../../protocol';
import type { EvidenceSource } from '../evidence';
import type { Incident, WorkloadSubject } from '../../incident';
import type { AskAws } from './ask';

/** Where lines of a workload are. */
export interface LinesOfWorkload {
  readonly logGroup: string;
  /** Which of them are its own. @default - all */
  readonly filterPattern?: string;
}

export interface LogOptions {
  readonly ask: AskAws;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

const MAX_LINES = 5_000;
const MAX_PAGES = 20;
const MINUTE = 60_000;
/** How far back, where an incident does not say. */
const BEFORE = 15 * MINUTE;

/** The last audit events before and after an incident, as the gateway wrote and chained them; the archive has all of them. */
export function auditEvents(logGroups: readonly string[], options: LogOptions): EvidenceSource {
  return (incident) => logGroups.map((logGroup, index) => ({
    name: `audit-events-${index + 1}.json`,
    read: () => lastLines({ logGroup, filterPattern: '{ $.chain.writer = "*" }' }, incident, options),
  }));
}

/** What the containers of a workload wrote last. */
export function containerLines(linesOf: (workload: WorkloadSubject) => LinesOfWorkload | undefined, options: LogOptions): EvidenceSource {
  return (incident, workloads) => workloads.flatMap((workload, index) => {
    const lines = linesOf(workload);
    return lines === undefined ? [] : [{ name: `lines-${index + 1}.json`, read: () => lastLines(lines, incident, options) }];
  });
}

/**
 * CloudWatch Logs answers the oldest first, so the last lines are looked for from the end: the last minute, the two minutes before it, the four
 * before those. `complete` says whether nothing between `from` and `to` is missing.
 */
async function lastLines({ logGroup, filterPattern }: LinesOfWorkload, incident: Incident, { ask, clock = Date.now }: LogOptions): Promise<JsonValue> {
  const to = clock();
  const first = firstMoment(incident);
  let lines: JsonValue[] = [];
  let complete = true;
  let from = to;
  for (let [span, pages] = [MINUTE, 0]; from > first && lines.length < MAX_LINES && pages < MAX_PAGES; span *= 2) {
    const endTime = from;
    from = Math.max(first, from - span);
    const found: JsonValue[] = [];
    let nextToken: JsonValue | undefined;
    do {
      const body = { logGroupName: logGroup, startTime: from, endTime: endTime - 1, ...(filterPattern === undefined ? {} : { filterPattern }), ...(nextToken === undefined ? {} : { nextToken }) };
      const answer = await ask.json('logs', 'FilterLogEvents', body as JsonObject);
      found.push(...(Array.isArray(answer.events) ? answer.events : []));
      nextToken = answer.nextToken;
      pages += 1;
    } while (nextToken !== undefined && pages < MAX_PAGES);
    complete &&= nextToken === undefined;
    lines = [...found, ...lines];
  }
  const kept = lines.slice(-MAX_LINES);
  return { logGroup, from: new Date(from).toISOString(), to: new Date(to).toISOString(), complete: complete && from <= first && kept.length === lines.length, lines: kept };
}

function firstMoment({ at, evidence }: Incident): number {
  return Math.min(Date.parse(at) - BEFORE, ...evidence.flatMap((one) => (one.kind === 'audit' ? [Date.parse(one.from)] : [])));
}
