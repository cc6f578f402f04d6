import { Resource } from 'aws-cdk-lib';
import type { IResource } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';

/** A gateway in front of MCP servers. */
export interface IMcpGateway extends IResource {
  /**
   * Where the gateway is reached; a server is at `<gatewayUrl>/mcp/<name>`.
   *
   * @attribute
   */
  readonly gatewayUrl: string;

  /**
   * The CloudWatch namespace of the gateway's metrics.
   *
   * @attribute
   */
  readonly metricNamespace: string;

  /**
   * A metric of the gateway.
   *
   * @param metricName `Requests`, `Denied`, `Errors` or `Latency`
   * @param props how to read it
   */
  metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Requests, allowed or not. Sum over 5 minutes unless told otherwise. */
  metricRequests(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Requests that a policy, a missing policy, a limit or the absence of a good token refused. Sum over 5 minutes unless told otherwise. */
  metricDenied(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Requests that failed for another reason: an upstream server, or the gateway itself. Sum over 5 minutes unless told otherwise. */
  metricErrors(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Milliseconds from the arrival of a request to the end of its answer, streams that wait for news left out. Average over 5 minutes unless told otherwise. */
  metricLatency(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

/** What a gateway of this app and one of another app have in common. */
export abstract class McpGatewayBase extends Resource implements IMcpGateway {
  abstract readonly gatewayUrl: string;
  abstract readonly metricNamespace: string;

  metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({ namespace: this.metricNamespace, metricName, ...props }).attachTo(this);
  }

  metricRequests(props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.metric('Requests', { statistic: cloudwatch.Stats.SUM, ...props });
  }

  metricDenied(props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.metric('Denied', { statistic: cloudwatch.Stats.SUM, ...props });
  }

  metricErrors(props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.metric('Errors', { statistic: cloudwatch.Stats.SUM, ...props });
  }

  metricLatency(props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return this.metric('Latency', { statistic: cloudwatch.Stats.AVERAGE, ...props });
  }
}
