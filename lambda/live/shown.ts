import type { AuditEvent } from '../audit';
import { escapeUnprintable } from '../audit/unprintable';
import type { Detection } from '../behaviour';
import { nameOf, type GrantEvent, type Target } from '../grants';
import type { StateChange } from '../integrity';
import type { Happening } from './feed';

/** One line of the page. Only words that are safe to show to whoever may watch: no argument, result, resource or token. */
export type ShownHappening = ShownRequest | ShownAlert | ShownStep;

export interface ShownRequest {
  readonly kind: 'request';
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly decision: AuditEvent['decision'];
  readonly reason?: string;
  readonly principal?: string;
  readonly server?: string;
  readonly method?: string;
  /** Of a tool or a prompt. */
  readonly name?: string;
  readonly risk?: number;
  readonly policyIds: readonly string[];
  readonly requestId: string;
  readonly traceId: string;
  readonly protocolVersion?: string;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
  readonly httpStatus: number;
  readonly upstream?: string;
  /** What the guard noticed, by rule. */
  readonly findings: readonly string[];
}

export interface ShownAlert {
  readonly kind: 'alert';
  readonly time: string;
  readonly signal: string;
  readonly why: string;
  readonly risk: number;
  readonly principal?: string;
  readonly place?: string;
}

/** A step of a tool's approval, of a grant or of the kill switch. */
export interface ShownStep {
  readonly kind: 'tool' | 'grant';
  readonly time: string;
  readonly action: string;
  readonly what: string;
  readonly by: string;
}

const MAX_TEXT = 200;
const MAX_LISTED = 10;
const NAMED: ReadonlySet<string> = new Set(['tools/call', 'prompts/get']);
/** The internals of an error may be in a note: those of the guard's rules and of the risk alone are shown. */
const FINDING = /^guard:(?:in|out) \S+ \w+/;
const RISK = /^risk:(\d{1,3})$/;

/** What hides or reorders text is spelled out; what is long is cut. */
export function shown(text: string, most = MAX_TEXT): string {
  return escapeUnprintable(text.length > most ? `${text.slice(0, most)}…` : text);
}

export function showHappening(happening: Happening): ShownHappening {
  switch (happening.kind) {
    case 'request':
      return showRequest(happening.event);
    case 'alert':
      return showAlert(happening.detection);
    case 'tool':
      return showStep(happening.change);
    case 'grant':
      return showGrantEvent(happening.event);
  }
}

function showRequest(event: AuditEvent): ShownRequest {
  const { time, decision, reason, principal, server, method, target, policyIds, requestId, traceId, protocolVersion, requestBytes, responseBytes, durationMs, httpStatus, upstreamStatus, notes = [] } = event;
  return {
    kind: 'request',
    time,
    decision,
    reason: optional(reason),
    principal: principal && shown(`${principal.type}::${JSON.stringify(principal.id)}`),
    server,
    method: optional(method),
    name: method !== undefined && NAMED.has(method) ? optional(target) : undefined,
    risk: riskIn(notes),
    policyIds: policyIds.slice(0, MAX_LISTED).map((id) => shown(id)),
    requestId,
    traceId,
    protocolVersion,
    requestBytes,
    responseBytes,
    durationMs,
    httpStatus,
    upstream: upstreamStatus === undefined ? undefined : String(upstreamStatus),
    findings: notes.flatMap((note) => FINDING.exec(note)?.[0] ?? []).slice(0, MAX_LISTED).map((note) => shown(note)),
  };
}

function riskIn(notes: readonly string[]): number | undefined {
  for (const note of notes) {
    const [, risk] = RISK.exec(note) ?? [];
    if (risk !== undefined) return Number(risk);
  }
  return undefined;
}

export function showAlert({ kind, at, principal, server, tool, sourceIp, risk, why }: Detection): ShownAlert {
  const place = [server, tool, principal === undefined ? sourceIp : undefined].filter((part) => part !== undefined);
  return { kind: 'alert', time: new Date(at).toISOString(), signal: kind, why: shown(why, 400), risk, principal: principal === undefined ? undefined : shown(idOf(principal)), place: place.length === 0 ? undefined : shown(place.join('/')) };
}

/** From `principalKey`: issuer, type, id. */
function idOf(key: string): string {
  const [, type, id] = JSON.parse(key) as string[];
  return `${type}::${JSON.stringify(id)}`;
}

function showStep({ at, subject, to, action, by, why }: StateChange): ShownStep {
  return { kind: 'tool', time: at, action, what: shown(`${subject} is ${to}: ${why}`), by: shown(by) };
}

function showGrantEvent(event: GrantEvent): ShownStep {
  const time = new Date(event.at).toISOString();
  const by = event.by === undefined ? 'policies' : shown(nameOf(event.by));
  const what = event.kind === 'grant' ? `${nameOf(event.principal)}, ${event.tool} of ${event.server}` : describeTarget(event.target);
  return { kind: 'grant', time, action: event.action, what: shown(what), by };
}

export function describeTarget(target: Target): string {
  switch (target.kind) {
    case 'everything':
      return 'everything';
    case 'principal':
      return nameOf(target.principal);
    case 'server':
      return `the server ${target.server}`;
    case 'tool':
      return `${target.tool} of ${target.server}`;
    default:
      return 'something else';
  }
}

function optional(text: string | undefined): string | undefined {
  return text === undefined ? undefined : shown(text);
}
