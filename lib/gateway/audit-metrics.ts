import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';

const events = logs.FilterPattern.exists('$.decision');

/**
 * Requests whose time tells how fast answers come: those that say what is asked. A stream lasts as long as its client listens: `subscriptions/listen`,
 * and what the gateway calls `listen`, a GET of the older revisions of MCP.
 */
const answered = logs.FilterPattern.all(
  events,
  logs.FilterPattern.exists('$.method'),
  ...['subscriptions/listen', 'listen'].map((stream) => logs.FilterPattern.stringValue('$.method', '!=', stream)),
);

/** Counts the audit events (LOG-1) that a function writes, one JSON object a line, into the metrics of its gateway. */
export function addAuditMetrics(log: logs.LogGroup, metricNamespace: string): void {
  const decision = (value: string) => logs.FilterPattern.stringValue('$.decision', '=', value);
  log.addMetricFilter('Requests', { metricNamespace, metricName: 'Requests', filterPattern: events });
  log.addMetricFilter('Denied', { metricNamespace, metricName: 'Denied', filterPattern: decision('deny') });
  log.addMetricFilter('Errors', { metricNamespace, metricName: 'Errors', filterPattern: decision('error') });
}

/** Reads how long requests take, from the log of what serves them: an authorizer in front only writes what it refuses, which takes no time. */
export function addLatencyMetric(log: logs.LogGroup, metricNamespace: string): void {
  log.addMetricFilter('Latency', {
    metricNamespace,
    metricName: 'Latency',
    filterPattern: answered,
    metricValue: '$.durationMs',
    unit: cloudwatch.Unit.MILLISECONDS,
  });
}
