import type { AuditEvent } from '../audit';
import type { LiveFeed } from './feed';

/** A server as the gateway found it when it started. */
export interface LiveServer {
  readonly name: string;
  readonly kind: 'http' | 'sse' | 'stdio';
  /** How many tools it lists; `undefined` where it could not be asked. */
  readonly tools: number | undefined;
}

/**
 * `answers`: its last answer came. `fails`: the last request that was sent to it got none. `idle`: it listed its tools at the start,
 * and nothing was sent to it since. `unreached`: it could not be asked at the start, nor was since.
 */
export type HealthState = 'answers' | 'fails' | 'idle' | 'unreached';

export interface ServerHealth extends LiveServer {
  readonly state: HealthState;
  /** Of the last request that was sent to it, ISO 8601. */
  readonly lastAt?: string;
  /** Why it got no answer. */
  readonly lastProblem?: string;
  /** Of the requests that are remembered. */
  readonly requests: number;
  readonly refused: number;
  readonly failed: number;
  /** Of the requests that it answered, milliseconds. */
  readonly p50?: number;
  readonly p99?: number;
}

interface Seen {
  last?: AuditEvent;
  requests: number;
  refused: number;
  failed: number;
  readonly durations: number[];
}

/** What the requests of late say about each server: read when somebody looks, and not kept for each request. */
export function readHealth(feed: LiveFeed, servers: readonly LiveServer[]): readonly ServerHealth[] {
  const seen = new Map<string, Seen>(servers.map(({ name }) => [name, { requests: 0, refused: 0, failed: 0, durations: [] }]));
  for (let number = feed.oldest; number <= feed.newest; number += 1) {
    const happening = feed.at(number);
    if (happening?.kind !== 'request') continue;
    const of = seen.get(happening.event.server ?? '');
    if (of !== undefined) count(of, happening.event);
  }
  return servers.map((server) => describe(server, seen.get(server.name) as Seen));
}

function count(seen: Seen, event: AuditEvent): void {
  seen.requests += 1;
  if (event.decision === 'deny') seen.refused += 1;
  if (event.decision === 'error') seen.failed += 1;
  if (!wasSent(event)) return;
  seen.last = event;
  if (event.decision === 'allow' && event.method !== 'subscriptions/listen') seen.durations.push(event.durationMs);
}

/** Refused requests never reach a server. */
function wasSent({ upstreamStatus, reason }: AuditEvent): boolean {
  return upstreamStatus !== undefined || reason?.startsWith('upstream_') === true;
}

function describe(server: LiveServer, { last, requests, refused, failed, durations }: Seen): ServerHealth {
  durations.sort((a, b) => a - b);
  const counted = { ...server, requests, refused, failed, p50: quantile(durations, 0.5), p99: quantile(durations, 0.99) };
  if (last === undefined) return { ...counted, state: server.tools === undefined ? 'unreached' : 'idle' };
  const isFailing = last.decision === 'error' && last.reason?.startsWith('upstream_') === true;
  return { ...counted, state: isFailing ? 'fails' : 'answers', lastAt: last.time, ...(isFailing ? { lastProblem: last.reason } : {}) };
}

function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted.length === 0 ? undefined : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
