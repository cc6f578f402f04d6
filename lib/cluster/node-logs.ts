import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { letLogsUse } from '../private/log-key';

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
  /** What pods write; audit events of the gateway are in it. */
  readonly application: logs.LogGroup;

  private readonly ofNodes: readonly logs.LogGroup[];

  constructor(scope: Construct, id: string, props: NodeLogsProps) {
    super(scope, id);
    letLogsUse(props.encryptionKey);
    const group = (name: string, logGroupName: string) => new logs.LogGroup(this, name, {
      logGroupName,
      encryptionKey: props.encryptionKey,
      retention: props.retention,
      removalPolicy: props.removalPolicy,
    });
    const ofNodes = (kind: string) => group(kind, `/aws/containerinsights/${props.clusterName}/${kind.toLowerCase()}`);
    this.controlPlane = group('ControlPlane', `/aws/eks/${props.clusterName}/cluster`);
    this.application = ofNodes('Application');
    this.ofNodes = [this.application, ofNodes('Dataplane'), ofNodes('Host'), ofNodes('Performance')];
  }

  /** What the agent on the nodes writes to. */
  get writableArns(): string[] {
    return this.ofNodes.flatMap(({ logGroupArn }) => [logGroupArn, `${logGroupArn}:log-stream:*`]);
  }
}
