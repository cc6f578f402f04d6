import { gzipSync } from 'node:zlib';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { createPinoSink } from '../../../lambda/audit';
import { detectionLine, type Detection } from '../../../lambda/behaviour';
import { createGuardReporter } from '../../../lambda/deployment/aws-guard-events';
import { createSecurityFindings } from '../../../lambda/deployment/aws-security-findings';
import { createDetectionMetrics } from '../../../lambda/telemetry/aws-detection-metrics';
import { eventOf, type WrittenEvent } from '../../audit/events';

/** A request whose event has every member that an event can have. */
export const REQUEST: Required<WrittenEvent> = {
  time: '2026-11-22T12:00:00.000Z', requestId: 'r', traceId: 't', spanId: 's', principal: { type: 'User', id: 'ada', issuer: 'https://login.example.com' }, sourceIp: '203.0.113.9',
  server: 'files', method: 'tools/call', target: 'read_file', protocolVersion: '2026-07-28', decision: 'allow', reason: 'upstream_failed', policyIds: ['p1'], argumentsDigest: 'd', requestBytes: 10,
  responseBytes: 2_000, durationMs: 12.5, httpStatus: 200, upstreamStatus: 200, notes: ['guard:out payment/credit-card blocked'],
};

/** The line that the code of this package writes of a request. */
export function requestLine(event: Partial<WrittenEvent> = {}): string {
  const lines: string[] = [];
  createPinoSink({ destination: { write: (line: string) => void lines.push(line) } }).write(eventOf({ ...REQUEST, ...event }));
  return lines[0]!;
}

/** The line that it writes of what behaviour raised. */
export function behaviourLine(detection: Partial<Detection> = {}): string {
  return detectionLine({ kind: 'unusual_sequence', at: Date.UTC(2026, 10, 22), principal: '["https://login.example.com","User","ada"]', server: 'files', tool: 'read_file', sourceIp: '203.0.113.9', risk: 50, signals: ['unusual_sequence'], why: 'an unusual sequence of tools', ...detection });
}

/** The lines that it writes where Security Hub is off. */
export async function refusedFindings(): Promise<string[]> {
  const lines: string[] = [];
  const hub = { send: () => Promise.reject(Object.assign(new Error('off'), { name: 'InvalidAccessException' })) } as unknown as SecurityHubClient;
  const events = { send: () => Promise.resolve({ FailedEntryCount: 0 }) } as unknown as EventBridgeClient;
  const context = { partition: 'aws', region: 'eu-west-1', account: '123456789012', gateway: 'McpZeroTrust/Gateway' };
  const data = gzipSync(JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents: [{ message: behaviourLine() }] })).toString('base64');
  await createSecurityFindings({ events, bus: 'default', hub, context, writeLine: (line) => lines.push(line) })({ awslogs: { data } });
  return lines;
}

/** Lines of metrics that Powertools prints for a finding of a data guard, and for a detection. */
export function metricLines(namespace: string, action: string): string[] {
  Object.assign(process.env, { POWERTOOLS_DEV: 'true', POWERTOOLS_METRICS_DISABLED: 'false' });
  const printed = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    const reporter = createGuardReporter(new EventBridgeClient({ region: 'local' }), new Metrics({ namespace: 'McpZeroTrust/Guard', serviceName: 'gateway' }));
    reporter.report({ server: 'files', target: 'read_file', requestId: 'r', findings: [{ category: 'payment', recogniser: 'credit-card', action, count: 3 }] } as never, undefined);
    createDetectionMetrics(namespace)({ kind: 'loop', risk: 80 });
    return printed.mock.calls.map(([line]) => String(line));
  } finally {
    printed.mockRestore();
    delete process.env.POWERTOOLS_DEV;
    delete process.env.POWERTOOLS_METRICS_DISABLED;
  }
}
