import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { letLogsUse } from '../private/log-key';
import { applicationLogConfig } from './fluent-bit';
import type { LinesOfContainer } from './fluent-bit';

/** Where logs of a cluster go. */
export interface NodeLogsProps {
  readonly clusterName: string;
  readonly encryptionKey: kms.IKey;
  readonly retention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The log groups of a cluster, which Amazon EKS and its agents would make themselves otherwise: without encryption, and for ever.
 *
 * Control: LOG-2.
 */
export class NodeLogs extends Construct {
  /** What the control plane did, its audit log among it. */
  readonly controlPlane: logs.LogGroup;

  private readonly props: NodeLogsProps;
  /** What containers without a log group of their own write, with what Kubernetes knows of them. */
  readonly application: logs.LogGroup;
  private readonly ofNodes: logs.LogGroup[];
  private readonly lines: LinesOfContainer[] = [];

  constructor(scope: Construct, id: string, props: NodeLogsProps) {
    super(scope, id);
    this.props = props;
    letLogsUse(props.encryptionKey);
    this.controlPlane = this.group('ControlPlane', `/aws/eks/${props.clusterName}/cluster`);
    this.application = this.ofAgent('application');
    this.ofNodes = [this.application, ...['dataplane', 'host', 'performance'].map((kind) => this.ofAgent(kind))];
  }

  /**
   * A log group of its own for what one container writes, line by line as it writes them: for whoever reads events, and not what an agent makes of them.
   *
   * @param namespace of the pods
   * @param container name of the container
   */
  linesOf(namespace: string, container: string): logs.LogGroup {
    const group = this.ofAgent(`${namespace}-${container}`);
    this.lines.push({ namespace, container, logGroupName: group.logGroupName });
    this.ofNodes.push(group);
    return group;
  }

  /** What the agent on the nodes writes to. */
  get writableArns(): string[] {
    // The attribute ends with `:*`, which is all streams of the group.
    return this.ofNodes.map(({ logGroupArn }) => logGroupArn);
  }

  /** Configuration of the agent that reads what containers write. */
  get agentConfig(): string {
    return applicationLogConfig(this.application.logGroupName, this.lines);
  }

  private ofAgent(kind: string): logs.LogGroup {
    return this.group(kind, `/aws/containerinsights/${this.props.clusterName}/${kind}`);
  }

  private group(id: string, logGroupName: string): logs.LogGroup {
    const { encryptionKey, retention, removalPolicy } = this.props;
    return new logs.LogGroup(this, id, { logGroupName, encryptionKey, retention, removalPolicy });
  }
}
