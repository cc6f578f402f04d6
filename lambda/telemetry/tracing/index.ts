/** Distributed traces from client to upstream, by OpenTelemetry, with W3C trace context (GW-4). Loads nothing until it is on. */
export { createDirectExport, type DirectExport, type DirectExportOptions } from './direct-export';
export { openTracing, type OpenTracing, type TracingOptions } from './open-tracing';
export type { FinishedSpan } from './span';
export { readTracingSettings, receiverOf, type Receiver, type TracingSettings } from './settings';
export { createTracer, type EndPart, type RequestPart, type RequestTrace, type Tracer, type TracedServer } from './tracer';
