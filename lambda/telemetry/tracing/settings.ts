/** Where spans go, and which. */
export interface TracingSettings {
  /** Base URL of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`. @default - what OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT names */
  readonly endpoint?: string;
  /** Sent to the receiver. @default - those of OTEL_EXPORTER_OTLP_HEADERS */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the traces that begin here, 0 to 1. @default 1 */
  readonly sampleRatio?: number;
  /** @default 'mcp-zero-trust' */
  readonly serviceName?: string;
  /** Of the resource, besides the service's name. @default - none */
  readonly resourceAttributes?: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings of a configuration, with what the variables of OpenTelemetry say where it is silent; `undefined` where neither
 * names a receiver, or the variables turn traces off.
 */
export function readTracingSettings(environment: Environment, given?: TracingSettings): TracingSettings | undefined {
  const { OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER, OTEL_SERVICE_NAME, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } = environment;
  if (OTEL_SDK_DISABLED?.toLowerCase() === 'true') return undefined;
  if (OTEL_TRACES_EXPORTER !== undefined && OTEL_TRACES_EXPORTER !== '' && OTEL_TRACES_EXPORTER !== 'otlp') return undefined;
  if (given?.endpoint === undefined && !OTEL_EXPORTER_OTLP_TRACES_ENDPOINT && !OTEL_EXPORTER_OTLP_ENDPOINT) return undefined;
  const resourceAttributes = attributesOf(environment.OTEL_RESOURCE_ATTRIBUTES ?? '');
  return {
    ...given,
    sampleRatio: given?.sampleRatio ?? ratioOf(environment),
    serviceName: given?.serviceName ?? (OTEL_SERVICE_NAME || resourceAttributes['service.name']),
    resourceAttributes: { ...resourceAttributes, ...given?.resourceAttributes },
  };
}

/** Where spans go, for who sends them without the client of OpenTelemetry. */
export interface Receiver {
  /** With its path. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The receiver that the variables of OpenTelemetry name, which `readTracingSettings` has found to be there. */
export function receiverOf({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: base = '', OTEL_EXPORTER_OTLP_TRACES_HEADERS, OTEL_EXPORTER_OTLP_HEADERS = '' }: Environment): Receiver {
  return { url: traces || `${base.replace(/\/$/, '')}/v1/traces`, headers: attributesOf(OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? OTEL_EXPORTER_OTLP_HEADERS) };
}

/** The samplers of the SDK's specification that a gateway can be: its callers decide on their own traces in any case. */
function ratioOf({ OTEL_TRACES_SAMPLER: sampler = '', OTEL_TRACES_SAMPLER_ARG: argument = '1' }: Environment): number {
  if (sampler.endsWith('always_off')) return 0;
  const ratio = Number(argument);
  return sampler.endsWith('traceidratio') && ratio >= 0 && ratio <= 1 ? ratio : 1;
}

/** `key=value,key=value`, with values as W3C Baggage writes them. */
function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const equals = pair.indexOf('=');
    if (equals > 0) attributes[pair.slice(0, equals).trim()] = decoded(pair.slice(equals + 1).trim());
  }
  return attributes;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
