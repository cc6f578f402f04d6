import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';

/** Counts the audit events (LOG-1) that a function writes, one JSON object a line, into the metrics of its gateway. */
export function addAuditMetrics(log: logs.LogGroup, metricNamespace: string): void {
  const events = logs.FilterPattern.exists('$.decision');
  const decision = (value: string) => logs.FilterPattern.stringValue('$.decision', '=', value);
  log.addMetricFilter('Requests', { metricNamespace, metricName: 'Requests', filterPattern: events });
  log.addMetricFilter('Denied', { metricNamespace, metricName: 'Denied', filterPattern: decision('deny') });
  log.addMetricFilter('Errors', { metricNamespace, metricName: 'Errors', filterPattern: decision('error') });
  log.addMetricFilter('Latency', {
    metricNamespace,
    metricName: 'Latency',
    filterPattern: events,
    metricValue: '$.durationMs',
    unit: cloudwatch.Unit.MILLISECONDS,
  });
}
