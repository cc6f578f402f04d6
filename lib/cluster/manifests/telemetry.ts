import type { Plan } from './plan';
import type { TelemetryPods } from './workload-props';

const OTLP_PORT = 4318;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** What says where spans go, too. */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];

export function telemetryPort({ port = OTLP_PORT }: TelemetryPods): number {
  return port;
}

/**
 * What the gateway is told of the receiver of its spans (GW-4), by the variables of OpenTelemetry. A mesh encrypts what the process sends in plain; without
 * one, the receiver has a certificate of the servers' authority.
 */
export function telemetrySettings({ gateway, mesh, props }: Plan): { [name: string]: string } {
  const { telemetry } = gateway.props;
  if (telemetry === undefined) return {};
  const { namespace, service } = telemetry;
  const scheme = mesh._kind === 'none' ? 'https' : 'http';
  return { OTEL_EXPORTER_OTLP_ENDPOINT: `${scheme}://${service}.${namespace}.svc.${props.clusterDomain ?? 'cluster.local'}:${telemetryPort(telemetry)}`, OTEL_SERVICE_NAME: 'mcp-gateway' };
}

/** @throws Error when it is no Service of the cluster, or the environment names another receiver */
export function checkTelemetry(telemetry: TelemetryPods | undefined, environment: { readonly [name: string]: string } = {}): void {
  if (telemetry === undefined) return;
  for (const key of ['namespace', 'service'] as const) if (!LABEL.test(telemetry[key])) throw new Error(`the ${key} of telemetry is ${JSON.stringify(telemetry[key])}, expected a name in Kubernetes`);
  const port = telemetryPort(telemetry);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`the port of telemetry is ${port}, expected 1 to 65535`);
  const other = ENDPOINTS.find((name) => name in environment);
  if (other !== undefined) throw new Error(`the environment of the gateway has ${other}, and telemetry names a receiver too`);
}
