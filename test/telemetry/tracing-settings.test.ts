import { readTracingSettings } from '../../lambda/telemetry';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

describe('whether there are traces, and where they go', () => {
  test('GW-4 off, where neither the configuration nor the environment names a receiver', () => {
    expect(readTracingSettings({})).toBeUndefined();
    expect(readTracingSettings({}, { serviceName: 'gate' })).toBeUndefined();
    expect(readTracingSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBeUndefined();
  });

  test('the variables of OpenTelemetry turn them on, and off again', () => {
    expect(readTracingSettings(ENDPOINT)).toMatchObject({ sampleRatio: 1 });
    expect(readTracingSettings({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' })).toBeDefined();
    expect(readTracingSettings({ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' })).toBeUndefined();
    expect(readTracingSettings({ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined();
    expect(readTracingSettings({ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'otlp' })).toBeDefined();
  });

  test('the configuration counts more than the environment', () => {
    const environment = { ...ENDPOINT, OTEL_SERVICE_NAME: 'of-the-environment', OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=a%20test,bad,service.name=other' };
    expect(readTracingSettings(environment)).toMatchObject({ serviceName: 'of-the-environment', sampleRatio: 0.25, resourceAttributes: { 'deployment.environment': 'a test' } });
    expect(readTracingSettings(environment, { endpoint: 'http://192.0.2.1', serviceName: 'gate', sampleRatio: 1 })).toMatchObject({ endpoint: 'http://192.0.2.1', serviceName: 'gate', sampleRatio: 1 });
    expect(readTracingSettings({ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'always_off' })?.sampleRatio).toBe(0);
    expect(readTracingSettings({ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' })?.sampleRatio).toBe(1);
  });
});
