import { SpanKind, SpanStatusCode, TraceFlags, createTraceState, type HrTime, type SpanContext } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { TracingSettings } from './settings';
import type { FinishedSpan } from './span';

/** Sends spans in batches, by OTLP over HTTP. */
export interface SpanExport {
  readonly take: (span: FinishedSpan) => void;
  close(): Promise<void>;
}

const KINDS = { server: SpanKind.SERVER, internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const;
const SCOPE = 'mcp-zero-trust';
const CLOSE_MS = 2_000;

/** Bounded: where the receiver does not keep up, spans are dropped. What the settings leave open is read from the OTEL_ variables. */
export function openSpanExport({ endpoint, headers, serviceName = SCOPE, resourceAttributes = {} }: TracingSettings, version: string): SpanExport {
  const exporter = new OTLPTraceExporter({ ...(endpoint === undefined ? {} : { url: `${endpoint.replace(/\/$/, '')}/v1/traces` }), ...(headers === undefined ? {} : { headers: { ...headers } }) });
  const processor = new BatchSpanProcessor(exporter);
  const resource = resourceOf({ ...resourceAttributes, 'service.name': serviceName, ...(version === '' ? {} : { 'service.version': version }) });
  return {
    take: (span) => processor.onEnd(readable(span, resource, version)),
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_MS);
      });
      await Promise.race([processor.shutdown().catch(() => undefined), patience]);
      clearTimeout(timer);
    },
  };
}

function readable(span: FinishedSpan, resource: ReadableSpan['resource'], version: string): ReadableSpan {
  const { traceId, spanId, parentSpanId, hasRemoteParent, tracestate, name, kind, startedAt, endedAt, attributes, isError } = span;
  const contextOf = (id: string, isRemote: boolean): SpanContext => ({ traceId, spanId: id, traceFlags: TraceFlags.SAMPLED, isRemote, traceState: tracestate === undefined ? undefined : createTraceState(tracestate) });
  const own = contextOf(spanId, false);
  return {
    name,
    kind: KINDS[kind],
    spanContext: () => own,
    parentSpanContext: parentSpanId === undefined ? undefined : contextOf(parentSpanId, hasRemoteParent),
    startTime: hrTime(startedAt),
    endTime: hrTime(endedAt),
    duration: hrTime(endedAt - startedAt),
    status: { code: isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: attributes as ReadableSpan['attributes'],
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: SCOPE, version },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1_000);
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1e6)];
}

function resourceOf(attributes: Readonly<Record<string, string>>): ReadableSpan['resource'] {
  const resource: ReadableSpan['resource'] = { attributes, getRawAttributes: () => Object.entries(attributes), merge: (other) => other ?? resource };
  return resource;
}
