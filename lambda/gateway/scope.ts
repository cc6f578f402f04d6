import { randomUUID } from 'node:crypto';
import type { AuditEvent, AuditSink, TraceContext } from '../audit';
import type { Principal } from '../identity';

type Draft = { -readonly [Key in keyof AuditEvent]?: AuditEvent[Key] };

/** One HTTP request while it is served: what its single audit event will say (LOG-1), and what to release at its end. */
export interface RequestScope {
  readonly requestId: string;
  /** Continues the caller's trace, which a modern request may carry in its body instead of its headers. */
  trace: TraceContext;
  readonly draft: Draft;
  identify(principal: Principal): void;
  /** Marks the request as refused. The first refusal counts. */
  deny(reason: string, policyIds?: readonly string[]): void;
  /** Marks the request as allowed but not served. */
  fail(reason: string): void;
  note(text: string): void;
  /** Runs `release` when the request is over. */
  hold(release: () => void): void;
  /** Writes the event, once. Later calls do nothing. */
  finish(httpStatus: number, responseBytes: number): void;
}

const MAX_NOTES = 50;

export function openScope(
  audit: AuditSink,
  clock: () => number,
  trace: TraceContext,
  sourceIp: string | undefined,
): RequestScope {
  const startedAt = clock();
  const started = performance.now();
  const requestId = randomUUID();
  const releases: (() => void)[] = [];
  const notes: string[] = [];
  const draft: Draft = { decision: 'allow', policyIds: [], requestBytes: 0 };
  let current = trace;
  let finished = false;

  return {
    requestId,
    get trace() {
      return current;
    },
    set trace(taken) {
      current = taken;
    },
    draft,
    identify(principal) {
      draft.principal = { type: principal.type, id: principal.id, issuer: principal.issuer };
    },
    deny(reason, policyIds) {
      if (draft.decision === 'deny') return;
      draft.decision = 'deny';
      draft.reason = reason;
      if (policyIds !== undefined) draft.policyIds = policyIds;
    },
    fail(reason) {
      if (draft.decision !== 'allow') return;
      draft.decision = 'error';
      draft.reason = reason;
    },
    note(text) {
      if (notes.length < MAX_NOTES) notes.push(text);
    },
    hold(release) {
      if (finished) release();
      else releases.push(release);
    },
    finish(httpStatus, responseBytes) {
      if (finished) return;
      finished = true;
      for (const release of releases) release();
      audit.write({
        time: new Date(startedAt).toISOString(),
        requestId,
        traceId: current.traceId,
        spanId: current.spanId,
        ...(sourceIp === undefined ? {} : { sourceIp }),
        decision: 'allow',
        policyIds: [],
        requestBytes: 0,
        ...draft,
        responseBytes,
        durationMs: Math.round((performance.now() - started) * 1000) / 1000,
        httpStatus,
        ...(notes.length === 0 ? {} : { notes }),
      });
    },
  };
}
