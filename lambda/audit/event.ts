import type { PlainText } from './plain-text';

/**
 * The one record of one HTTP request to the gateway, allowed or not (LOG-1). It never holds a token, an argument or a
 * result: arguments appear as a keyed digest. Where a server is guarded, a note may hold the internals of its error under the
 * reference that the client got instead, cut and without secrets (DLP-4).
 */
export interface AuditEvent {
  /** ISO 8601, UTC, when the request arrived. */
  readonly time: PlainText;
  readonly requestId: PlainText;
  /** W3C trace id, taken over from the caller's `traceparent` where valid. */
  readonly traceId: PlainText;
  readonly spanId: PlainText;
  readonly principal?: { readonly type: string; readonly id: string; readonly issuer: string };
  readonly sourceIp?: string;
  readonly server?: string;
  /** JSON-RPC method; `response` for a client's answer to a server's request; absent where none could be read. */
  readonly method?: string;
  /** Tool or prompt name or resource URI the request is about. */
  readonly target?: string;
  readonly protocolVersion?: string;
  readonly decision: 'allow' | 'deny' | 'error';
  /** Why not, as a stable word; also set on an allowed request whose upstream failed. */
  readonly reason?: string;
  readonly policyIds: readonly string[];
  /** HMAC-SHA-256 of the canonical arguments. */
  readonly argumentsDigest?: PlainText;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
  readonly httpStatus: number;
  /** HTTP status of the upstream, or `ok` / `failed` over stdio; absent where nothing was sent. */
  readonly upstreamStatus?: number | 'ok' | 'failed';
  /** Things noticed on the way: `tool_dropped:<name>`, `server_request:sampling/createMessage`. */
  readonly notes?: readonly string[];
}

/** Where events go. `write` must not throw for a single bad event; `flush` resolves when all written ones are kept. */
export interface AuditSink {
  write(event: AuditEvent): void;
  /** The same for several at once, where that is cheaper. */
  writeAll?(events: readonly AuditEvent[]): void;
  /** Rejects where events were lost since the last `flush`. */
  flush(): Promise<void>;
  /**
   * Whether an event written now will be kept. Where it will not, a request must not be served: what cannot be recorded
   * must not happen. A sink without this member is always ready.
   */
  ready?(): boolean;
  /**
   * When the events written so far are where they outlive this process; `undefined` when they are. Answers wait for it (LOG-1).
   *
   * @param atOnce There are no others to be recorded with.
   */
  recorded?(atOnce: boolean): Promise<void> | undefined;
}
