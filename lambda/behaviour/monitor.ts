import { LRUCache } from 'lru-cache';
import type { AuditEvent, AuditSink } from '../audit';
import { factsOf } from './arguments';
import { UNKNOWN, type Baseline } from './baseline';
import { NOTHING, type Decaying } from './decaying';
import { afterAnswer, afterBytes, afterCall, afterFailure, afterRefusal, afterShape, learnAnswer, NO_HABITS, NO_TOOL_HABITS, succeedsSuspiciously, type PrincipalHabits, type ToolHabits } from './habits';
import type { Assessor, ObservedCall } from './observed-call';
import { isRecent, raise, riskAt, signalsAt, type Risk } from './risk';
import { DEFAULT_BEHAVIOUR_SETTINGS, type BehaviourSettings } from './settings';
import { SIGNALS, type Detection, type SignalKind } from './signal';

export interface BehaviourOptions {
  /** @default DEFAULT_BEHAVIOUR_SETTINGS */
  readonly settings?: Partial<BehaviourSettings>;
  /** Hears what people should look at. Must not throw. */
  readonly onDetection: (detection: Detection) => void;
}

/** Knows habits, by calls before they are decided on and by the events of requests after them. */
export interface BehaviourMonitor extends Assessor {
  /** Gets the event of each request, whoever else does. */
  readonly sink: AuditSink;
  /** What a principal's risk is now, 0 to 100. */
  riskOf(principal: string, now: number): number;
}

/** Risk at which several signals together are something to look at, though none of them is. */
const COMBINED_RISK = 50;
const PAIRS_OF_A_PRINCIPAL = 5;

/** Everything is remembered in this process, in bounded memory, and forgotten with it. */
export function createBehaviourMonitor({ settings: given, onDetection }: BehaviourOptions): BehaviourMonitor {
  const settings = { ...DEFAULT_BEHAVIOUR_SETTINGS, ...given };
  const { maxPrincipals: max, riskHalfLifeMs } = settings;
  const principals = new LRUCache<string, PrincipalHabits>({ max });
  const risks = new LRUCache<string, Risk>({ max });
  const pairs = new LRUCache<string, ToolHabits>({ max: max * PAIRS_OF_A_PRINCIPAL });
  const answers = new LRUCache<string, Baseline>({ max });
  const addresses = new LRUCache<string, Decaying>({ max });
  const combined = new LRUCache<string, number>({ max });

  function notice(principal: string, signals: readonly SignalKind[], now: number, place: Pick<Detection, 'server' | 'tool' | 'sourceIp'>): void {
    if (signals.length === 0) return;
    const before = risks.get(principal) ?? {};
    const after = raise(before, signals, now);
    risks.set(principal, after);
    const risk = riskAt(after, now, riskHalfLifeMs);
    const told = signals.filter((kind) => SIGNALS[kind].tells);
    for (const kind of told) if (!isRecent(before, kind, now, riskHalfLifeMs)) onDetection({ kind, at: now, principal, ...place, risk, signals: signalsAt(after, now, riskHalfLifeMs), why: SIGNALS[kind].sentence });
    if (told.length > 0 || risk < COMBINED_RISK || now - (combined.get(principal) ?? -Infinity) < riskHalfLifeMs) return;
    combined.set(principal, now);
    const all = signalsAt(after, now, riskHalfLifeMs);
    onDetection({ kind: 'combined', at: now, principal, ...place, risk, signals: all, why: all.map((kind) => SIGNALS[kind].sentence).join('; ') });
  }

  function assess({ principal, server, tool, arguments: given, now }: ObservedCall): number {
    const facts = factsOf(given);
    const name = `${server}/${tool}`;
    const pair = `${name} ${principal}`;
    const call = afterCall(principals.get(principal) ?? NO_HABITS, name, facts, now, settings);
    const shaped = afterShape(pairs.get(pair) ?? NO_TOOL_HABITS, facts, now);
    pairs.set(pair, shaped.habits);
    const moved = afterBytes(call.habits, facts.size, now, settings);
    principals.set(principal, moved.habits);
    notice(principal, [...call.signals, ...shaped.signals, ...moved.signals], now, { server, tool });
    return riskOf(principal, now);
  }

  function riskOf(principal: string, now: number): number {
    const risk = risks.get(principal);
    return risk === undefined ? 0 : riskAt(risk, now, riskHalfLifeMs);
  }

  function observe(event: AuditEvent): void {
    const now = Date.parse(event.time);
    const { sourceIp, server, target: tool } = event;
    if (event.principal === undefined) {
      if (event.httpStatus === 401 && event.reason !== 'no_token' && sourceIp !== undefined) addresses.set(sourceIp, afterFailure(addresses.get(sourceIp) ?? NOTHING, now));
      return;
    }
    const principal = principalOf(event.principal);
    const signals: SignalKind[] = [];
    const failures = sourceIp === undefined ? undefined : addresses.get(sourceIp);
    if (failures !== undefined && sourceIp !== undefined && event.decision === 'allow') {
      if (succeedsSuspiciously(failures, now, settings)) signals.push('failures_then_success');
      addresses.delete(sourceIp);
    }
    if (event.notes?.some(isDlpNote)) signals.push('dlp');
    if (event.method === 'tools/call' && server !== undefined && tool !== undefined) signals.push(...observeCall(event, principal, `${server}/${tool}`, now));
    notice(principal, signals, now, { server, tool, sourceIp });
  }

  function observeCall({ decision, responseBytes }: AuditEvent, principal: string, name: string, now: number): readonly SignalKind[] {
    const habits = principals.get(principal) ?? NO_HABITS;
    if (decision === 'deny') {
      const refused = afterRefusal(habits, now);
      principals.set(principal, refused.habits);
      return refused.signals;
    }
    const pair = `${name} ${principal}`;
    const others = answers.get(name) ?? UNKNOWN;
    const answered = afterAnswer(pairs.get(pair) ?? NO_TOOL_HABITS, others, responseBytes, now, settings);
    pairs.set(pair, answered.habits);
    answers.set(name, learnAnswer(others, responseBytes, now, settings));
    const moved = afterBytes(habits, responseBytes, now, settings);
    principals.set(principal, moved.habits);
    return [...answered.signals, ...moved.signals];
  }

  return { assess, riskOf, sink: { write: observe, flush: () => Promise.resolve() } };
}

/** As `principalKey` of lambda/identity names who makes the calls. */
function principalOf({ type, id, issuer }: NonNullable<AuditEvent['principal']>): string {
  return JSON.stringify([issuer, type, id]);
}

/** Of the guard's data classes, by what was done about it; a note on a schema is no such finding. */
const DLP_NOTE = /^guard:(in|out) (secret|payment|identity|contact|health|custom|dlp)\/\S+ (blocked|redacted|risk)/;

function isDlpNote(note: string): boolean {
  return DLP_NOTE.test(note);
}
