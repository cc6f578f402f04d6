import * as logs from 'aws-cdk-lib/aws-logs';

/** Counts the servers that could not be asked, from what whoever asks them writes of each. */
export function addDiscoveryMetrics(log: logs.LogGroup, metricNamespace: string): void {
  const filterPattern = logs.FilterPattern.all(logs.FilterPattern.stringValue('$.kind', '=', 'discovery'), logs.FilterPattern.exists('$.failure'));
  log.addMetricFilter('Unreachable', { metricNamespace, metricName: 'Unreachable', filterPattern });
}

/** Counts the steps of definitions that a function writes, one JSON object a line, into the metrics of their registry. */
export function addRegistryMetrics(log: logs.LogGroup, metricNamespace: string): void {
  const action = (value: string) => logs.FilterPattern.stringValue('$.action', '=', value);
  const changedInQuarantine = logs.FilterPattern.all(action('change'), logs.FilterPattern.stringValue('$.to', '=', 'quarantined'));
  const patterns = {
    Submitted: action('submit'),
    Approved: action('approve'),
    Quarantined: logs.FilterPattern.any(action('quarantine'), changedInQuarantine),
    Revoked: logs.FilterPattern.any(action('reject'), action('revoke')),
  };
  for (const [metricName, filterPattern] of Object.entries(patterns)) log.addMetricFilter(metricName, { metricNamespace, metricName, filterPattern });
}
