import type { FinishedSpan } from './span';

/** Who the spans are of. */
export interface SpanResource {
  readonly serviceName: string;
  /** Empty where it is not known. */
  readonly version: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

type Value = FinishedSpan['attributes'][string];

const KINDS = { internal: 1, server: 2, client: 3 } as const;
const STATUS_ERROR = 2;
const IS_SAMPLED = 1;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const SCOPE = 'mcp-zero-trust';

/**
 * Spans as a request of OTLP over HTTP, in JSON.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function otlpJson(spans: readonly FinishedSpan[], { serviceName, version, attributes = {} }: SpanResource): string {
  const resource = { ...attributes, 'service.name': serviceName, ...(version === '' ? {} : { 'service.version': version }) };
  const scope = version === '' ? { name: SCOPE } : { name: SCOPE, version };
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope, spans: spans.map(spanOf) }] }] });
}

function spanOf(span: FinishedSpan): object {
  const { traceId, spanId, parentSpanId, hasRemoteParent, tracestate, name, kind, startedAt, endedAt, attributes, isError } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    ...(tracestate === undefined ? {} : { traceState: tracestate }),
    flags: IS_SAMPLED | HAS_IS_REMOTE | (hasRemoteParent ? IS_REMOTE : 0),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(endedAt),
    attributes: attributesOf(attributes),
    status: isError ? { code: STATUS_ERROR } : {},
  };
}

/** A whole number of 64 bits is text in JSON. */
function nanoseconds(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  return `${BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * 1e6))}`;
}

function attributesOf(attributes: Readonly<Record<string, Value>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: Value): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } };
}
