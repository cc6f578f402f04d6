import { KMSClient } from '@aws-sdk/client-kms';
import { createSigV4 } from '../credentials/aws-sigv4';
import { createDirectExport, createTracer, readTracingSettings, receiverOf, type TracedServer, type Tracer } from '../telemetry';
import { required, type Environment } from './environment';

/** Spans of a process that nobody gives time to between requests. */
export interface FunctionTracing {
  readonly tracer: Tracer;
  /** Sends what was recorded, or drops it. To be awaited before the process may be frozen. */
  flush(): Promise<void>;
}

export interface FunctionTracingOptions {
  /** Where each server is, by its name. @default - the function reaches none */
  readonly servers?: readonly { readonly name: string; readonly url: string }[];
  /** How long `flush` takes at most, milliseconds. @default 1000 */
  readonly flushMs?: number;
  /** @default fetch */
  readonly fetch?: typeof fetch;
}

/**
 * Traces of a deployed function (GW-4), where the variables of OpenTelemetry name a receiver. With `MCP_TRACES_SIGNED_FOR` requests are signed with the
 * role of the process for that service of AWS: `xray` for the OTLP endpoint of AWS X-Ray.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html
 */
export function openFunctionTracing(environment: Environment, { servers = [], flushMs, fetch: send }: FunctionTracingOptions = {}): FunctionTracing | undefined {
  const settings = readTracingSettings(environment);
  if (settings === undefined) return undefined;
  const { url, headers } = receiverOf(environment);
  const service = environment.MCP_TRACES_SIGNED_FOR;
  const spans = createDirectExport({
    url,
    resource: { serviceName: settings.serviceName ?? 'mcp-zero-trust', version: environment.MCP_VERSION ?? '', attributes: settings.resourceAttributes },
    headersFor: service ? signerFor(service, url, required(environment, 'AWS_REGION')) : async () => headers,
    flushMs,
    fetch: send,
  });
  const places = servers.map(({ name, url: at }): readonly [string, TracedServer] => [name, { transport: 'tcp', address: new URL(at).hostname }]);
  return { tracer: createTracer({ onSpan: spans.take, servers: new Map(places), sampleRatio: settings.sampleRatio }), flush: spans.flush };
}

function signerFor(service: string, receiver: string, region: string): (body: string) => Promise<Readonly<Record<string, string>>> {
  // Any client of the SDK knows the keys of its surroundings.
  const signer = createSigV4({ service, region, keys: new KMSClient({ region }).config.credentials });
  const url = new URL(receiver);
  return (body) => signer.headersFor({ method: 'POST', url, body: () => body }, undefined);
}
