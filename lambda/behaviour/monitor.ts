import { randomInt } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { readTime, type AuditEvent, type AuditSink } from '../audit';
import { ArgumentReader } from './arguments';
import { Decaying } from './decaying';
import { afterFailure, pairOf, PrincipalHabits, succeedsSuspiciously } from './habits';
import type { Assessor, ObservedCall } from './observed-call';
import { isRecent, NO_RISK, raise, riskAt, signalsAt } from './risk';
import { DEFAULT_BEHAVIOUR_SETTINGS, type BehaviourSettings } from './settings';
import { SIGNALS, TOOL_SIGNALS, type Detection, type SignalKind, type ToolSignalKind } from './signal';
import { NOTHING, Tool } from './tool';
import { ToolHabits } from './tool-habits';

export interface BehaviourOptions {
  /** @default DEFAULT_BEHAVIOUR_SETTINGS */
  readonly settings?: Partial<BehaviourSettings>;
  /** Hears what people should look at. Must not throw. */
  readonly onDetection: (detection: Detection) => void;
  /** Of the forms of arguments. @default - a random one */
  readonly seed?: number;
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
export function createBehaviourMonitor({ settings: given, onDetection, seed = randomInt(2 ** 31) }: BehaviourOptions): BehaviourMonitor {
  const settings = { ...DEFAULT_BEHAVIOUR_SETTINGS, ...given };
  const { maxPrincipals: max, riskHalfLifeMs } = settings;
  const principals = new LRUCache<string, PrincipalHabits>({ max });
  /** By server and name: what is looked up by both in one text costs more to join than to find. */
  const tools = new Map<string, LRUCache<string, Tool>>();
  /** By the numbers of both: shorter than their names, which are looked up once. */
  const pairs = new LRUCache<number, ToolHabits>({ max: max * PAIRS_OF_A_PRINCIPAL });
  const addresses = new LRUCache<string, Decaying>({ max });
  const principalOf = createPrincipalNames(max);
  const reader = new ArgumentReader(seed);
  let numbers = 0;

  function habitsOf(principal: string): PrincipalHabits {
    let habits = principals.get(principal);
    if (habits === undefined) principals.set(principal, (habits = new PrincipalHabits((numbers += 1))));
    return habits;
  }

  function toolOf(server: string, name: string): Tool {
    let known = tools.get(server);
    // Servers are those of a configuration, and so are few.
    if (known === undefined) tools.set(server, (known = new LRUCache({ max })));
    let tool = known.get(name);
    if (tool === undefined) known.set(name, (tool = new Tool((numbers += 1))));
    return tool;
  }

  function useOf(principal: PrincipalHabits, { number }: Tool): ToolHabits {
    const pair = pairOf(principal.number, number);
    let use = pairs.get(pair);
    if (use === undefined) pairs.set(pair, (use = new ToolHabits()));
    return use;
  }

  function notice(principal: string, habits: PrincipalHabits, signals: readonly SignalKind[], now: number, place: Pick<Detection, 'server' | 'tool' | 'sourceIp'>): void {
    const before = habits.risk;
    const after = raise(before, signals, now);
    habits.risk = after;
    const risk = riskAt(after, now, riskHalfLifeMs);
    const told = signals.filter((kind) => SIGNALS[kind].tells);
    for (const kind of told) if (!isRecent(before, kind, now, riskHalfLifeMs)) onDetection({ kind, at: now, principal, ...place, risk, signals: signalsAt(after, now, riskHalfLifeMs), why: SIGNALS[kind].sentence });
    if (told.length > 0 || risk < COMBINED_RISK || now - habits.combinedAt < riskHalfLifeMs) return;
    habits.combinedAt = now;
    const all = signalsAt(after, now, riskHalfLifeMs);
    onDetection({ kind: 'combined', at: now, principal, ...place, risk, signals: all, why: all.map((kind) => SIGNALS[kind].sentence).join('; ') });
  }

  function tellOf(kinds: readonly ToolSignalKind[], server: string, tool: string, at: number): void {
    if (kinds === NOTHING) return;
    for (const kind of kinds) onDetection({ kind, at, server, tool, risk: TOOL_SIGNALS[kind].risk, signals: [], why: TOOL_SIGNALS[kind].sentence });
  }

  function assess({ principal, server, tool: name, arguments: args, argumentsDigest, now }: ObservedCall): number {
    const facts = reader.factsOf(args);
    const habits = habitsOf(principal);
    const tool = toolOf(server, name);
    const signals: SignalKind[] = [];
    habits.afterCall(tool.number, facts, argumentsDigest, now, settings, signals);
    useOf(habits, tool).afterShape(facts, now, signals);
    if (facts.destinations.length > 0) tellOf(tool.afterDestinations(habits.number, facts.destinations, now), server, name, now);
    habits.afterBytes(facts.size, now, settings, signals);
    if (signals.length > 0) notice(principal, habits, signals, now, { server, tool: name });
    return habits.risk === NO_RISK ? 0 : riskAt(habits.risk, now, riskHalfLifeMs);
  }

  function riskOf(principal: string, now: number): number {
    return riskAt(principals.get(principal)?.risk ?? NO_RISK, now, riskHalfLifeMs);
  }

  function observe(event: AuditEvent): void {
    const now = readTime(event.time);
    const { sourceIp, server, target: tool, decision } = event;
    if (event.principal === undefined) {
      if (event.httpStatus === 401 && event.reason !== 'no_token' && sourceIp !== undefined) observeFailure(sourceIp, now);
      return;
    }
    const signals: SignalKind[] = [];
    if (addresses.size > 0 && sourceIp !== undefined && decision === 'allow') observeSuccess(sourceIp, now, signals);
    if (event.notes?.some(isDlpNote)) signals.push('dlp');
    const isCall = event.method === 'tools/call' && server !== undefined && tool !== undefined;
    if (!isCall && signals.length === 0) return;
    const principal = principalOf(event.principal);
    const habits = habitsOf(principal);
    if (isCall && decision === 'deny') habits.afterRefusal(now, signals);
    else if (isCall) {
      const known = toolOf(server, tool);
      const use = useOf(habits, known);
      use.afterAnswer(known.answers, event.responseBytes, now, settings, signals);
      tellOf(known.afterAnswer(habits.number, use.answersMore, now, settings), server, tool, now);
      habits.afterBytes(event.responseBytes, now, settings, signals);
    }
    if (signals.length > 0) notice(principal, habits, signals, now, { server, tool, sourceIp });
  }

  function observeFailure(sourceIp: string, now: number): void {
    let failures = addresses.get(sourceIp);
    if (failures === undefined) addresses.set(sourceIp, (failures = new Decaying()));
    afterFailure(failures, now);
  }

  function observeSuccess(sourceIp: string, now: number, signals: SignalKind[]): void {
    const failures = addresses.get(sourceIp);
    if (failures === undefined) return;
    if (succeedsSuspiciously(failures, now, settings)) signals.push('failures_then_success');
    addresses.delete(sourceIp);
  }

  return { assess, riskOf, sink: { write: observe, flush: () => Promise.resolve() } };
}

/** Who makes the calls, as `principalKey` of lambda/identity names them; the names of late are remembered. */
function createPrincipalNames(max: number): (principal: NonNullable<AuditEvent['principal']>) => string {
  const named = new LRUCache<string, { readonly type: string; readonly issuer: string; readonly name: string }>({ max });
  return ({ type, id, issuer }) => {
    const known = named.get(id);
    if (known?.type === type && known.issuer === issuer) return known.name;
    const name = JSON.stringify([issuer, type, id]);
    named.set(id, { type, issuer, name });
    return name;
  };
}

/** Of the guard's data classes, by what was done about it; a note on a schema is no such finding. */
const DLP_NOTE = /^guard:(in|out) (secret|payment|identity|contact|health|custom|dlp)\/\S+ (blocked|redacted|risk)/;

function isDlpNote(note: string): boolean {
  return DLP_NOTE.test(note);
}
