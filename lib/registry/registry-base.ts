import { Resource } from 'aws-cdk-lib';
import type { Duration, IResource } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { ToolRegistryGrants } from './registry-grants';

/** The registry of approved tool definitions (SC-2, TD-4). */
export interface IToolRegistry extends IResource {
  /**
   * Name of the table with records, definitions and the log of approvals.
   *
   * @attribute
   */
  readonly tableName: string;

  /**
   * ARN of the table.
   *
   * @attribute
   */
  readonly tableArn: string;

  /**
   * ARN of the key that signs the log of approvals.
   *
   * @attribute
   */
  readonly signingKeyArn: string;

  /**
   * ARN of the key that encrypts the table.
   *
   * @attribute
   */
  readonly encryptionKeyArn: string;

  /**
   * ARN of the function that takes the decisions of people.
   *
   * @attribute
   */
  readonly decideFunctionArn: string;

  /**
   * The CloudWatch namespace of the registry's metrics.
   *
   * @attribute
   */
  readonly metricNamespace: string;

  /** How long after its signature the head of the log is believed. */
  readonly headMaxAge: Duration;

  /** How often servers are asked what they offer. */
  readonly rescanInterval: Duration;

  /** What AWS principals may do with the registry. */
  readonly grants: ToolRegistryGrants;

  /**
   * A metric of the registry.
   *
   * @param metricName `Submitted`, `Approved`, `Quarantined`, `Revoked` or `Unreachable`
   * @param props how to read it
   */
  metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Definitions that began to wait for review. Sum over 5 minutes unless told otherwise. */
  metricSubmitted(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Approvals that were completed, renewals among them. Sum over 5 minutes unless told otherwise. */
  metricApproved(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Definitions that went into quarantine, or changed once more while in it. Sum over 5 minutes unless told otherwise. */
  metricQuarantined(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Definitions that were rejected or revoked. Sum over 5 minutes unless told otherwise. */
  metricRevoked(props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Servers that could not be asked what they offer. Sum over 5 minutes unless told otherwise. */
  metricUnreachable(props?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

/** What another app says of a registry. */
export interface ToolRegistryAttributes {
  /** Name of the table. */
  readonly tableName: string;

  /** ARN of the key that signs the log of approvals. */
  readonly signingKeyArn: string;

  /** ARN of the key that encrypts the table. */
  readonly encryptionKeyArn: string;

  /** ARN of the function that takes the decisions of people. */
  readonly decideFunctionArn: string;

  /** The CloudWatch namespace of the registry's metrics. */
  readonly metricNamespace: string;

  /**
   * How long after its signature the head of the log is believed: four times the registry's `headRenewalInterval`.
   *
   * @default Duration.hours(1)
   */
  readonly headMaxAge?: Duration;

  /**
   * How often servers are asked what they offer.
   *
   * @default Duration.hours(1)
   */
  readonly rescanInterval?: Duration;
}

/** What a registry of this app and one of another app have in common. */
export abstract class ToolRegistryBase extends Resource implements IToolRegistry {
  abstract readonly tableName: string;
  abstract readonly tableArn: string;
  abstract readonly signingKeyArn: string;
  abstract readonly encryptionKeyArn: string;
  abstract readonly decideFunctionArn: string;
  abstract readonly metricNamespace: string;
  abstract readonly headMaxAge: Duration;
  abstract readonly rescanInterval: Duration;
  readonly grants: ToolRegistryGrants = ToolRegistryGrants.fromToolRegistry(this);

  metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({ namespace: this.metricNamespace, metricName, statistic: cloudwatch.Stats.SUM, ...props }).attachTo(this);
  }

  metricSubmitted(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Submitted', props);
  }

  metricApproved(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Approved', props);
  }

  metricQuarantined(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Quarantined', props);
  }

  metricRevoked(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Revoked', props);
  }

  metricUnreachable(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Unreachable', props);
  }
}
