import { digestArguments, type AuditEvent } from '../../lambda/audit';
import { createBehaviourMonitor, type BehaviourMonitor, type BehaviourSettings, type Detection } from '../../lambda/behaviour';
import type { JsonObject } from '../../lambda/protocol';
import { eventWith } from '../audit/events';

const KEY = Buffer.alloc(32, 'stand');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const alice = { type: 'User', id: 'alice', issuer: 'https://issuer.example' };
export const keyOf = ({ issuer, type, id }: typeof alice) => JSON.stringify([issuer, type, id]);

/** A monitor with a clock, and what it told. */
export class Stand {
  now = Date.parse('2026-11-02T08:00:00Z');
  readonly detections: Detection[] = [];
  readonly monitor: BehaviourMonitor;

  constructor(settings: Partial<BehaviourSettings> = {}) {
    this.monitor = createBehaviourMonitor({ settings, onDetection: (detection) => this.detections.push(detection) });
  }

  /** A call with its outcome; answers the risk that policies would have read. */
  call(tool: string, args: JsonObject, outcome: Partial<AuditEvent> = {}, principal = alice): number {
    const risk = this.monitor.assess({ principal: keyOf(principal), server: 'files', tool, arguments: args, argumentsDigest: digestArguments(KEY, args), now: this.now });
    this.event({ method: 'tools/call', server: 'files', target: tool, responseBytes: 2_000, ...outcome, principal });
    return risk;
  }

  event(overrides: Partial<AuditEvent>): void {
    this.monitor.sink.write(eventWith({ decision: 'allow', httpStatus: 200, sourceIp: '192.0.2.7', ...overrides, time: new Date(this.now).toISOString() }));
  }

  /** A morning of somebody who searches, reads, and sometimes writes. */
  work(calls: number, everyMs = MINUTE, principal = alice): void {
    for (let i = 0; i < calls; i++) {
      this.now += everyMs;
      if (i % 3 === 0) this.call('search', { query: `topic ${i}` }, { responseBytes: 3_000 + (i % 7) * 200 }, principal);
      else if (i % 10 === 7) this.call('write', { path: `notes/${i}.md`, text: 'a line' }, { responseBytes: 120 }, principal);
      else this.call('read', { path: `notes/${i}.md` }, { responseBytes: 1_500 + (i % 11) * 100 }, principal);
    }
  }

  riskOf(id: string): number {
    return this.monitor.riskOf(keyOf({ ...alice, id }), this.now);
  }

  get kinds(): string[] {
    return this.detections.map(({ kind }) => kind);
  }
}
