import { randomBytes } from 'node:crypto';
import type { AuditEvent, TraceContext } from '../../audit';
import { knownTarget, messageAttributes, requestAttributes, spanName } from './attributes';
import type { FinishedSpan } from './span';

/** What of a request has a span of its own, besides the upstream leg. */
export type RequestPart = 'authentication' | 'decision' | 'guard';

/** Ends a part; what came of it is an attribute. */
export type EndPart = (outcome?: string) => void;

/** Follows requests through the gateway. A gateway without one spends nothing on traces. */
export interface Tracer {
  /** A request arrives. */
  begin(): RequestTrace;
  /** Whether a request of this context is recorded. */
  isSampled(trace: TraceContext): boolean;
}

/** One request, on its way. */
export interface RequestTrace {
  part(name: RequestPart): EndPart;
  /** The request goes on to the upstream: the context to send, and what ends the leg. A leg that is not ended ends with the request. */
  leg(trace: TraceContext, server: string, method: string, target: string | undefined): { readonly trace: TraceContext; readonly end: EndPart };
  /** The request is over. `trace` is the context that it came to belong to. */
  finish(event: AuditEvent, trace: TraceContext): void;
}

/** How a server is reached, for the spans of legs. */
export interface TracedServer {
  readonly transport: 'pipe' | 'tcp';
  readonly address?: string;
  readonly port?: number;
}

export interface TracerOptions {
  /** Gets each span of sampled requests, once it is over. Must not throw. */
  readonly onSpan: (span: FinishedSpan) => void;
  /** By name. */
  readonly servers?: ReadonlyMap<string, TracedServer>;
  /** Of the traces that begin here, 0 to 1; others are recorded where their caller says so. @default 1 */
  readonly sampleRatio?: number;
}

interface Part {
  readonly name: string;
  readonly kind: FinishedSpan['kind'];
  readonly spanId: string;
  readonly attributes: Record<string, string | number | readonly string[]>;
  readonly startedAt: number;
  endedAt?: number;
}

const MAX_PARTS = 64;

export function createTracer({ onSpan, servers = new Map(), sampleRatio = 1 }: TracerOptions): Tracer {
  /** By the trace's id, so that all who see it and have the same ratio come to the same answer. */
  const isSampled = ({ sampled, parentSpanId, traceId }: TraceContext) =>
    parentSpanId === undefined ? Number.parseInt(traceId.slice(-13), 16) < sampleRatio * 16 ** 13 : sampled;

  function begin(): RequestTrace {
    const startedAt = now();
    const parts: Part[] = [];

    function open(name: string, kind: Part['kind'], attributes: Part['attributes']): { readonly part: Part; readonly end: EndPart } {
      const part: Part = { name, kind, spanId: newSpanId(), attributes, startedAt: now() };
      if (parts.length < MAX_PARTS) parts.push(part);
      return {
        part,
        end(outcome) {
          part.endedAt ??= now();
          if (outcome !== undefined) attributes['mcp_zero_trust.outcome'] = outcome;
        },
      };
    }

    return {
      part: (name) => open(name, 'internal', {}).end,
      leg(trace, server, method, target) {
        const { transport, address, port } = servers.get(server) ?? { transport: 'tcp' };
        const attributes = { ...messageAttributes(method, target), 'network.transport': transport, 'mcp_zero_trust.server': server, ...(address === undefined ? {} : { 'server.address': address }), ...(port === undefined ? {} : { 'server.port': port }) };
        const { part, end } = open(spanName(method, target), 'client', attributes);
        const traceparent = `00-${trace.traceId}-${part.spanId}-${isSampled(trace) ? '01' : '00'}`;
        return { trace: { ...trace, headers: { ...trace.headers, traceparent } }, end };
      },
      finish(event, trace) {
        if (!isSampled(trace)) return;
        const endedAt = now();
        const { traceId, spanId, parentSpanId, headers } = trace;
        const common = { traceId, tracestate: headers.tracestate };
        for (const { name, kind, spanId: own, attributes, startedAt: from, endedAt: to = endedAt } of parts) {
          onSpan({ ...common, spanId: own, parentSpanId: spanId, hasRemoteParent: false, name, kind, startedAt: from, endedAt: to, attributes, isError: false });
        }
        onSpan({ ...common, spanId, parentSpanId, hasRemoteParent: parentSpanId !== undefined, name: spanName(event.method, knownTarget(event)), kind: 'server', startedAt, endedAt, ...requestAttributes(event) });
      },
    };
  }

  return { begin, isSampled };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function newSpanId(): string {
  return randomBytes(8).toString('hex');
}
