/** Three accounts of the same calls, held against each other: what clients got, what the gateways recorded, what reached the server. */
import { existsSync, readFileSync } from 'node:fs';
import type { AuditEvent } from '../../lambda/audit';
import type { CallRecord } from './load';

export interface Ledger {
  /** Calls that reached the server though no decision allowed them. */
  readonly undecided: readonly string[];
  /** Calls that reached the server, whose gateway was killed before they were answered and recorded. */
  readonly cutOff: number;
  /** Calls that reached the server more than once. */
  readonly repeated: readonly string[];
  /** Answered calls without an event. */
  readonly unrecorded: readonly string[];
  /** Calls with more than one event. */
  readonly doubled: readonly string[];
  /** Lines of logs that are not one whole JSON object. */
  readonly torn: number;
  readonly events: number;
  readonly reached: number;
}

export interface Accounts {
  readonly calls: readonly CallRecord[];
  /** Logs of the gateways. */
  readonly logs: readonly string[];
  /** File of the server's calls. */
  readonly upstream: string;
  /** Moments, on the clock of the calls, at which a gateway was killed. */
  readonly kills: readonly number[];
}

export function balance({ calls, logs, upstream, kills }: Accounts): Ledger {
  const byTrace = new Map(calls.map((call) => [call.trace, call]));
  const { events, torn } = readEvents(logs);
  const counted = new Map<string, AuditEvent[]>();
  for (const event of events) if (byTrace.has(event.traceId)) counted.set(event.traceId, [...(counted.get(event.traceId) ?? []), event]);

  const reached = new Map<string, number>();
  for (const line of linesOf(upstream)) {
    const [trace = ''] = line.split(' ');
    reached.set(trace, (reached.get(trace) ?? 0) + 1);
  }
  const isCutOff = (trace: string) => {
    const call = byTrace.get(trace);
    return call !== undefined && call.outcome === 'lost' && !counted.has(trace) && kills.some((at) => call.began <= at && at <= call.ended);
  };
  const withoutDecision = [...reached.keys()].filter((trace) => {
    const kind = byTrace.get(trace)?.kind;
    const mayNot = kind === undefined || kind === 'forbidden' || kind === 'hidden' || kind === 'anonymous';
    return mayNot || !(counted.get(trace) ?? []).some(isAllowed);
  });
  return {
    undecided: withoutDecision.filter((trace) => !isCutOff(trace)),
    cutOff: withoutDecision.filter(isCutOff).length,
    repeated: [...reached].filter(([, times]) => times > 1).map(([trace]) => trace),
    unrecorded: calls.filter(({ trace, outcome }) => outcome !== 'lost' && outcome !== 'unrecorded' && !counted.has(trace)).map(({ trace }) => trace),
    doubled: [...counted].filter(([, found]) => found.length > 1).map(([trace]) => trace),
    torn,
    events: events.length,
    reached: reached.size,
  };
}

/** A call that was allowed and failed at the server, or was withdrawn while the server had it, was allowed. */
function isAllowed({ decision, reason, notes }: AuditEvent): boolean {
  return decision === 'allow' || (decision === 'error' && (reason === 'gateway_stopped' || reason?.startsWith('upstream_') === true)) || notes?.includes('withdrawn_in_flight') === true;
}

function readEvents(logs: readonly string[]): { events: AuditEvent[]; torn: number } {
  const events: AuditEvent[] = [];
  let torn = 0;
  for (const line of logs.flatMap(linesOf)) {
    try {
      const value = JSON.parse(line) as AuditEvent & { readonly kind?: string };
      if (value.kind === 'audit' && value.traceId !== undefined) events.push(value);
    } catch {
      torn += 1;
    }
  }
  return { events, torn };
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter((line) => line !== '') : [];
}
