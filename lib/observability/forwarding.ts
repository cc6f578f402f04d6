import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmFactory } from './alarms';

/**
 * What CloudWatch Logs could not hand over by the subscriptions of one name, of whatever log groups: they are known when the template is written. Sum
 * over 5 minutes unless told otherwise.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
 */
export function forwardingMetric(metricName: 'DeliveryErrors' | 'DeliveryThrottling', filterName: string, props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({ expression: `SELECT SUM(${metricName}) FROM SCHEMA("AWS/Logs", DestinationType, FilterName, LogGroupName) WHERE FilterName = '${filterName}'`, usingMetrics: {}, label: metricName, ...props });
}

/** What is handed over, as the beginning of two names and of two sentences, and what for. */
export interface Forwarded {
  readonly id: string;
  readonly what: string;
  readonly purpose: string;
  readonly errors: cloudwatch.IMetric;
  readonly throttled: cloudwatch.IMetric;
}

/** Alarms on lines that nobody gets: at once where CloudWatch Logs gives up on one, after half an hour where it goes on trying. */
export function addForwardingAlarms(alarms: AlarmFactory, { id, what, purpose, errors, throttled }: Forwarded): void {
  alarms.above(`${id}Forwarding`, `${what} are lost: CloudWatch Logs cannot hand them over to be ${purpose}`, errors);
  alarms.above(`${id}Throttling`, `${what} come faster than they are taken to be ${purpose}`, throttled, { periods: 6 });
}
