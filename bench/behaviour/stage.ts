import { digestArguments, writeTime, type AuditEvent, type PlainText } from '../../lambda/audit';
import { createBehaviourMonitor, type Detection } from '../../lambda/behaviour';
import type { Act } from './persona';

const KEY = Buffer.alloc(32, 'behaviour');
const ISSUER = 'https://issuer.example';
const PLAIN = '' as PlainText;
const EVENT: AuditEvent = { time: PLAIN, requestId: PLAIN, traceId: PLAIN, spanId: PLAIN, server: 'work', method: 'tools/call', decision: 'allow', policyIds: [], requestBytes: 300, responseBytes: 0, durationMs: 1, httpStatus: 200 };

/** A monitor, what it told, and how long it took. */
export class Stage {
  readonly detections: Detection[] = [];
  spentMs = 0;
  calls = 0;
  private readonly monitor = createBehaviourMonitor({ onDetection: (detection) => this.detections.push(detection) });

  act(id: string, act: Act, sourceIp = `ip-${id}`): number {
    const principal = { type: 'Agent', id, issuer: ISSUER };
    const event = { ...EVENT, principal, sourceIp, target: act.tool, decision: act.decision, responseBytes: act.responseBytes, time: writeTime(act.at), ...(act.notes ? { notes: act.notes } : {}) };
    const argumentsDigest = digestArguments(KEY, act.arguments);
    const started = performance.now();
    const risk = this.monitor.assess({ principal: JSON.stringify([ISSUER, 'Agent', id]), server: 'work', tool: act.tool, arguments: act.arguments, argumentsDigest, now: act.at });
    this.monitor.sink.write(event);
    this.spentMs += performance.now() - started;
    this.calls += 1;
    return risk;
  }

  fail(at: number, sourceIp: string): void {
    this.monitor.sink.write({ ...EVENT, sourceIp, decision: 'deny', httpStatus: 401, reason: 'token_invalid', time: writeTime(at) });
  }
}
