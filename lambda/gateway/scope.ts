import { newRequestId, writeTime, type AuditEvent, type AuditSink, type PlainText, type TraceContext } from '../audit';
import type { Principal } from '../identity';
import type { RequestTrace, Tracer } from '../telemetry';

type Draft = { -readonly [Key in keyof AuditEvent]?: AuditEvent[Key] };

/** One HTTP request while it is served: what its single audit event will say (LOG-1), and what to release at its end. */
export interface RequestScope {
  readonly requestId: PlainText;
  /** Continues the caller's trace, which a modern request may carry in its body instead of its headers. */
  trace: TraceContext;
  /** Set where requests are followed (GW-4). */
  readonly tracing?: RequestTrace;
  readonly draft: Draft;
  identify(principal: Principal): void;
  /** `digest` is of the call's arguments. It is asked for once, when there is time or the event is written. */
  describeArguments(digest: () => PlainText | undefined): void;
  /** The digest of the call's arguments, which is then made at once. */
  argumentsDigest(): PlainText | undefined;
  /** To be called while somebody else has work to do: what of the event can be written already. */
  useTheWait(): void;
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
  tracer?: Tracer,
): RequestScope {
  return new OpenScope(audit, clock(), trace, sourceIp, tracer?.begin());
}

/** A class, because a request's own set of functions would cost it more than most of its checks. */
class OpenScope implements RequestScope {
  readonly requestId = newRequestId();
  readonly draft: Draft = { decision: 'allow', policyIds: [], requestBytes: 0 };
  private readonly started = performance.now();
  private readonly releases: (() => void)[] = [];
  private notes: string[] | undefined;
  private digest: (() => PlainText | undefined) | undefined;
  private finished = false;

  constructor(
    private readonly audit: AuditSink,
    private readonly startedAt: number,
    public trace: TraceContext,
    private readonly sourceIp: string | undefined,
    readonly tracing: RequestTrace | undefined,
  ) {}

  identify({ type, id, issuer }: Principal): void {
    this.draft.principal = { type, id, issuer };
  }

  describeArguments(digest: () => PlainText | undefined): void {
    this.digest = digest;
  }

  argumentsDigest(): PlainText | undefined {
    this.useTheWait();
    return this.draft.argumentsDigest;
  }

  useTheWait(): void {
    if (this.digest === undefined) return;
    this.draft.argumentsDigest = this.digest();
    this.digest = undefined;
  }

  deny(reason: string, policyIds?: readonly string[]): void {
    const { draft } = this;
    if (draft.decision === 'deny') return;
    draft.decision = 'deny';
    draft.reason = reason;
    if (policyIds !== undefined) draft.policyIds = policyIds;
  }

  fail(reason: string): void {
    if (this.draft.decision !== 'allow') return;
    this.draft.decision = 'error';
    this.draft.reason = reason;
  }

  note(text: string): void {
    this.notes ??= [];
    if (this.notes.length < MAX_NOTES) this.notes.push(text);
  }

  readonly hold = (release: () => void): void => {
    if (this.finished) release();
    else this.releases.push(release);
  };

  finish(httpStatus: number, responseBytes: number): void {
    if (this.finished) return;
    this.finished = true;
    for (const release of this.releases) release();
    this.useTheWait();
    const { draft } = this;
    // Written out: spreading the draft takes longer than writing the event. Members that are undefined are not written.
    const event = {
      time: writeTime(this.startedAt),
      requestId: this.requestId,
      traceId: this.trace.traceId,
      spanId: this.trace.spanId,
      principal: draft.principal,
      sourceIp: this.sourceIp,
      server: draft.server,
      method: draft.method,
      target: draft.target,
      protocolVersion: draft.protocolVersion,
      decision: draft.decision ?? 'allow',
      reason: draft.reason,
      policyIds: draft.policyIds ?? [],
      argumentsDigest: draft.argumentsDigest,
      requestBytes: draft.requestBytes ?? 0,
      responseBytes,
      durationMs: Math.round((performance.now() - this.started) * 1000) / 1000,
      httpStatus,
      upstreamStatus: draft.upstreamStatus,
      notes: this.notes,
    } satisfies Record<keyof AuditEvent, unknown>;
    this.audit.write(event);
    this.tracing?.finish(event, this.trace);
  }
}
