import { LRUCache } from 'lru-cache';
import type { AuditEvent } from '../audit';
import { createBehaviourMonitor, DEFAULT_BEHAVIOUR_SETTINGS, isToolSignal, TOOL_QUIET_MS, type BehaviourSettings, type Detection } from '../behaviour';

type Line = Readonly<Record<string, unknown>>;

/** Reads what all instances of a gateway wrote, on all servers, and says what no one of them could see. */
export interface ArchiveWatch {
  /** @param object what the lines are of: the same one twice is read once */
  read(object: string, lines: readonly Line[]): void;
}

export interface ArchiveWatchOptions {
  readonly onDetection: (detection: Detection) => void;
  readonly settings?: Partial<BehaviourSettings>;
  /** Of the forms of arguments. @default - a random one */
  readonly seed?: number;
}

const MAX_REMEMBERED = 10_000;

/**
 * Behaviour over all instances and servers (MUL-11, LOG-3). Each function instance sees its share of what a principal does, and only while it runs; the
 * archive has all of it, in the order in which it happened: also what changes in a tool for everybody. What an instance raised already is not raised again.
 *
 * Arguments are in no event: their digest tells calls apart, and neither their shape nor the destinations that they name.
 *
 * Control: MUL-11, CV-2, TB-1, TB-4.
 */
export function createArchiveWatch({ onDetection, settings, seed }: ArchiveWatchOptions): ArchiveWatch {
  const { riskHalfLifeMs } = { ...DEFAULT_BEHAVIOUR_SETTINGS, ...settings };
  const objects = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  /** When each was raised last, by any instance or here. */
  const raised = new LRUCache<string, number>({ max: MAX_REMEMBERED });
  const idOf = (signal: unknown, { principal, sourceIp, server, tool }: Line | Detection) => JSON.stringify([signal, principal ?? sourceIp ?? [server, tool]]);

  const monitor = createBehaviourMonitor({
    settings, seed,
    onDetection(detection) {
      const id = idOf(detection.kind, detection);
      const quietMs = isToolSignal(detection.kind) ? TOOL_QUIET_MS : riskHalfLifeMs;
      if (detection.at - (raised.get(id) ?? -Infinity) < quietMs) return;
      raised.set(id, detection.at);
      onDetection(detection);
    },
  });

  function readRequest(event: AuditEvent): void {
    const { method, principal, server, target } = event;
    if (method === 'tools/call' && principal !== undefined && server !== undefined && target !== undefined) {
      const { issuer, type, id } = principal;
      monitor.assess({ principal: JSON.stringify([issuer, type, id]), server, tool: target, arguments: {}, argumentsDigest: event.argumentsDigest, now: Date.parse(event.time) });
    }
    monitor.sink.write(event);
  }

  return {
    read(object, lines) {
      if (objects.has(object)) return;
      objects.set(object, true);
      for (const line of lines) if (line.kind === 'detection') raised.set(idOf(line.signal, line), Date.parse(String(line.time)));
      const requests = lines.filter(({ kind, decision, time }) => kind === 'audit' && typeof decision === 'string' && !Number.isNaN(Date.parse(String(time)))) as unknown as AuditEvent[];
      for (const request of requests.toSorted((left, right) => Date.parse(left.time) - Date.parse(right.time))) readRequest(request);
    },
  };
}
