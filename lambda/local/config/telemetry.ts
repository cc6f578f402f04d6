import { readTracingSettings, type TracingSettings } from '../../telemetry';
import { interpolate, type Environment } from './interpolate';

/** `telemetry` of a configuration file: where traces go. */
export interface TelemetryEntry {
  readonly endpoint?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly sampleRatio?: number;
  readonly serviceName?: string;
}

/** @throws TypeError that names a variable that is missing */
export function readTelemetry(environment: Environment, entry: TelemetryEntry | undefined): TracingSettings | undefined {
  if (entry === undefined) return readTracingSettings(environment);
  const { endpoint, headers, ...rest } = entry;
  const replaced = headers && Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, replace(value, environment)]));
  return readTracingSettings(environment, { ...rest, ...(endpoint === undefined ? {} : { endpoint: replace(endpoint, environment) }), ...(replaced === undefined ? {} : { headers: replaced }) });
}

function replace(template: string, environment: Environment): string {
  const text = interpolate(template, environment);
  if (!text.ok) throw new TypeError(text.message);
  return text.text;
}
