/** A span that is over. It never holds an argument, a result, a resource's address, a token or who made the call. */
export interface FinishedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** Whether the parent is in another process. */
  readonly hasRemoteParent: boolean;
  readonly tracestate?: string;
  readonly name: string;
  readonly kind: 'server' | 'internal' | 'client';
  /** Milliseconds since the epoch, with fractions. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, string | number | readonly string[]>>;
  readonly isError: boolean;
}
