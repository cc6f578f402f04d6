import type { JsonRpcError, JsonRpcMessage } from '../../protocol';

/** What comes from an upstream server while a request or a stream is open. */
export type UpstreamEvent =
  | { readonly kind: 'message'; readonly message: JsonRpcMessage; /** SSE event id. */ readonly eventId?: string }
  /** An SSE event without data: a resumption point, with the server's `retry` where it gave one. */
  | { readonly kind: 'checkpoint'; readonly eventId?: string; readonly retryMs?: number };

export type UpstreamFailureCode =
  /** Could not connect or start, or not within the limit: the server has not received the request. */
  | 'connect'
  /** There is no credential for the server: it has not received the request. */
  | 'credential'
  /** No first byte, silence, or too long in all. */
  | 'timeout'
  /** The connection or process ended before the answer: the server may have received the request. */
  | 'closed'
  /** What came is not MCP. */
  | 'garbage'
  /** A message or stream above the size limit. */
  | 'too_large'
  /** An HTTP status that is not success; `status`, and `error` where the body was a JSON-RPC error. */
  | 'status'
  /** The upstream no longer knows the session (HTTP 404). */
  | 'session_lost'
  /** No more processes may be started, or a process does not read what it is sent. */
  | 'capacity'
  /** Given up by us: the client went away. */
  | 'aborted'
  /** Given up by us: the gateway stops. The server may have received the request, and go on. */
  | 'stopped';

/** Why an upstream did not answer. The message names the server and what happened, never a value that was sent. */
export class UpstreamFailure extends Error {
  constructor(
    readonly code: UpstreamFailureCode,
    message: string,
    readonly status?: number,
    readonly error?: JsonRpcError,
  ) {
    super(message);
    this.name = 'UpstreamFailure';
  }
}

/** Time and size limits towards one upstream. Milliseconds and bytes. */
export interface UpstreamLimits {
  /** @default 5000 */
  readonly connectMs: number;
  /** Until the response's headers (HTTP) or first message (stdio). @default 60000 */
  readonly firstByteMs: number;
  /** Between two chunks. @default 120000 */
  readonly idleMs: number;
  /** One request in all. @default 900000 */
  readonly totalMs: number;
  /** One JSON-RPC message. @default 4194304 */
  readonly maxMessageBytes: number;
}

export const DEFAULT_UPSTREAM_LIMITS: UpstreamLimits = {
  connectMs: 5_000,
  firstByteMs: 60_000,
  idleMs: 120_000,
  totalMs: 900_000,
  maxMessageBytes: 4 * 1024 * 1024,
};
