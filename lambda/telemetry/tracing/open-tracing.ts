import type * as Otlp from './otlp';
import type { TracingSettings } from './settings';
import { createTracer, type TracedServer, type Tracer } from './tracer';

declare const require: (id: './otlp') => typeof Otlp;

export interface TracingOptions {
  readonly settings: TracingSettings;
  /** By name. */
  readonly servers: ReadonlyMap<string, TracedServer>;
  /** Of the gateway. */
  readonly version: string;
}

export interface OpenTracing {
  readonly tracer: Tracer;
  /** Sends what is not sent yet, for at most 2 seconds. */
  close(): Promise<void>;
}

/** Opens the way to the receiver, whose client is loaded now. Nothing waits for it: spans that it does not take are dropped. */
export function openTracing({ settings, servers, version }: TracingOptions): OpenTracing {
  const spans = require('./otlp').openSpanExport(settings, version);
  return { tracer: createTracer({ onSpan: spans.take, servers, sampleRatio: settings.sampleRatio }), close: spans.close };
}
