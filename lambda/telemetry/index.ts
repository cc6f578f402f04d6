/** Counts of what the gateway decided, for Prometheus and what reads its format; traces of it, for what takes OTLP (GW-4). */
export { createMetrics, METRICS_CONTENT_TYPE, type Metrics } from './metrics';
export * from './tracing';
