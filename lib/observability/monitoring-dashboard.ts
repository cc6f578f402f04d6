import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Contributors } from './contributors';
import type { MonitoringProps } from './monitoring-props';

export interface MonitoringDashboardProps extends MonitoringProps {
  readonly metric: (name: string, options?: cloudwatch.MetricOptions) => cloudwatch.Metric;
  readonly contributors: Contributors;
}

/** Titles, and what is drawn below them. */
type Graphs = readonly (readonly [title: string, metrics: cloudwatch.IMetric[]])[];

/** Widgets in a row. */
const WIDTH = 8;
const HEIGHT = 6;

/** One page: what is asked, who is refused and why, what is unusual, what people decided. */
export class MonitoringDashboard extends Construct {
  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, { gateway, registry, accessGrants, auditTrail, metric, contributors }: MonitoringDashboardProps) {
    super(scope, id);
    this.dashboard = new cloudwatch.Dashboard(this, 'Resource', { defaultInterval: undefined });
    const percentile = (percent: number) => gateway.metricLatency({ statistic: cloudwatch.Stats.p(percent), label: `p${percent}` });
    this.add('Requests', [
      ['Requests', [gateway.metricRequests({ label: 'all' }), gateway.metricDenied({ label: 'refused' }), gateway.metricErrors({ label: 'failed' })]],
      ['Latency, milliseconds', [percentile(50), percentile(99)]],
      ['Refusals by reason', [search(gateway.metricNamespace, 'Reason', 'Refusals')]],
    ]);
    this.add('Who', [
      ['Refused tokens', [metric('FailedSignIns', { label: 'all' }), contributors.metricMost('FailedSignInsByAddress', 'of one address')]],
      ['Refusals of one principal', [contributors.metricMost('RefusalsByPrincipal', 'most')]],
      ['Calls of one tool by one principal', [contributors.metricMost('CallsByPrincipal', 'most')]],
    ]);
    this.add('Behaviour', [
      ['Detections by signal', [search(gateway.metricNamespace, 'service,signal', 'Detections')]],
      ['Risk', [new cloudwatch.Metric({ namespace: gateway.metricNamespace, metricName: 'Risk', dimensionsMap: { service: 'gateway' }, statistic: cloudwatch.Stats.MAXIMUM, label: 'highest' })]],
      ['Correlations', [metric('FailuresThenSuccess'), metric('UnusualSequences'), metric('ChangedTools'), metric('HighRisks')]],
    ]);
    this.add('Data', [
      ['Size of answers, bytes', [metric('ResponseBytes', { statistic: cloudwatch.Stats.p(99), label: 'p99' }), metric('ResponseBytes', { statistic: cloudwatch.Stats.MAXIMUM, label: 'largest' })]],
      ['Bytes to one principal', [contributors.metricMost('BytesByPrincipal', 'most')]],
      ['Findings of data guards', [search('McpZeroTrust/Guard', 'service,server,category,action', 'Findings')]],
    ]);
    if (registry) this.add('Tools', [['Definitions of tools', [registry.metricSubmitted({ label: 'submitted' }), registry.metricApproved({ label: 'approved' }), registry.metricQuarantined({ label: 'quarantined' }), registry.metricRevoked({ label: 'revoked' })]], ['Servers that do not answer', [registry.metricUnreachable()]]]);
    if (accessGrants) this.add('Grants', [['Grants', [accessGrants.metric('Approved'), accessGrants.metric('Denied'), accessGrants.metricRefusedApprovals()]], ['Kill switch', [accessGrants.metricKillSwitch()]]]);
    if (auditTrail) this.add('Trail', [['Age of the oldest event that is not archived, seconds', [auditTrail.metricDataFreshness()]]]);
  }

  /** A row below the others. */
  add(heading: string, graphs: Graphs): void {
    this.dashboard.addWidgets(new cloudwatch.TextWidget({ markdown: `## ${heading}`, width: 24, height: 1 }));
    this.dashboard.addWidgets(...graphs.map(([title, left]) => new cloudwatch.GraphWidget({ title, left, width: WIDTH, height: HEIGHT })));
  }
}

/** One line for each value of the dimensions. */
function search(namespace: string, dimensions: string, metricName: string): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({ expression: `SEARCH('{${JSON.stringify(namespace)},${dimensions}} MetricName=${JSON.stringify(metricName)}', 'Sum', 300)`, usingMetrics: {}, label: '' });
}
