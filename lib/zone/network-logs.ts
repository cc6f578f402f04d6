import { Lazy, Names, Stack } from 'aws-cdk-lib';
import type { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53resolver from 'aws-cdk-lib/aws-route53resolver';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { letLogsUse } from '../private/log-key';

/** What network logs are told. */
export interface NetworkLogsProps {
  readonly vpc: ec2.IVpc;
  readonly encryptionKey: kms.IKey;
  readonly retention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/** Besides who and how much: which task it was, which way it took, and what it was before address translation. */
const FLOW_LOG_FORMAT = [
  ec2.LogFormat.VERSION, ec2.LogFormat.ACCOUNT_ID, ec2.LogFormat.VPC_ID, ec2.LogFormat.SUBNET_ID, ec2.LogFormat.AZ_ID, ec2.LogFormat.INTERFACE_ID,
  ec2.LogFormat.SRC_ADDR, ec2.LogFormat.DST_ADDR, ec2.LogFormat.SRC_PORT, ec2.LogFormat.DST_PORT, ec2.LogFormat.PROTOCOL, ec2.LogFormat.TCP_FLAGS,
  ec2.LogFormat.PKT_SRC_ADDR, ec2.LogFormat.PKT_DST_ADDR, ec2.LogFormat.PKT_SRC_AWS_SERVICE, ec2.LogFormat.PKT_DST_AWS_SERVICE,
  ec2.LogFormat.FLOW_DIRECTION, ec2.LogFormat.TRAFFIC_PATH, ec2.LogFormat.PACKETS, ec2.LogFormat.BYTES,
  ec2.LogFormat.START_TIMESTAMP, ec2.LogFormat.END_TIMESTAMP, ec2.LogFormat.ACTION, ec2.LogFormat.LOG_STATUS,
  ec2.LogFormat.ECS_CLUSTER_NAME, ec2.LogFormat.ECS_SERVICE_NAME, ec2.LogFormat.ECS_TASK_ID,
];

/** Records of what a VPC's network does: every flow, and every name that is looked up (PUB-7, LOG-2). */
export class NetworkLogs extends Construct {
  private readonly props: NetworkLogsProps;
  private readonly delivered: logs.ILogGroup[] = [];
  private readonly listeners: { readonly id: string; readonly hear: (logGroup: logs.ILogGroup) => void }[] = [];

  constructor(scope: Construct, id: string, props: NetworkLogsProps) {
    super(scope, id);
    this.props = props;
    letLogsUse(props.encryptionKey);
    const flowLogRole = new iam.Role(this, 'FlowLogRole', {
      assumedBy: new iam.ServicePrincipal('vpc-flow-logs.amazonaws.com', { conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } } }),
    });
    acknowledge(flowLogRole, { 'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of one role of one flow log and lives and dies with it' });
    new ec2.FlowLog(this, 'FlowLog', {
      resourceType: ec2.FlowLogResourceType.fromVpc(props.vpc),
      trafficType: ec2.FlowLogTrafficType.ALL,
      destination: ec2.FlowLogDestination.toCloudWatchLogs(this.logGroup('Flows'), flowLogRole),
      logFormat: FLOW_LOG_FORMAT,
      maxAggregationInterval: ec2.FlowLogMaxAggregationInterval.ONE_MINUTE,
    });

    const queries = this.deliveredLogGroup('Queries');
    const config = new route53resolver.CfnResolverQueryLoggingConfig(this, 'QueryLogging', { destinationArn: queries.logGroupArn });
    new route53resolver.CfnResolverQueryLoggingConfigAssociation(this, 'QueryLoggingAssociation', {
      resolverQueryLogConfigId: config.attrId,
      resourceId: props.vpc.vpcId,
    });
    this.letDeliveryWrite();
  }

  /** Another log group with the same key and the same retention, which AWS services deliver their logs to. */
  deliveredLogGroup(id: string): logs.LogGroup {
    const group = this.logGroup(id);
    this.delivered.push(group);
    return group;
  }

  /** Tells of the log group of an id, once it is there. */
  onLog(id: string, hear: (logGroup: logs.ILogGroup) => void): void {
    const known = this.node.tryFindChild(id) as logs.LogGroup | undefined;
    if (known) hear(known);
    else this.listeners.push({ id, hear });
  }

  private letDeliveryWrite(): void {
    const { account, partition, region } = Stack.of(this);
    const policyDocument = () => ({
      Version: '2012-10-17',
      Statement: [{
        Effect: 'Allow',
        Principal: { Service: 'delivery.logs.amazonaws.com' },
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: this.delivered.map((group) => `${group.logGroupArn}:log-stream:*`),
        Condition: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': `arn:${partition}:logs:${region}:${account}:*` },
        },
      }],
    });
    new logs.CfnResourcePolicy(this, 'Delivery', {
      policyName: Names.uniqueResourceName(this, { maxLength: 255, separator: '-' }),
      policyDocument: Lazy.uncachedString({ produce: () => Stack.of(this).toJsonString(policyDocument()) }),
    });
  }

  private logGroup(id: string): logs.LogGroup {
    const { encryptionKey, retention, removalPolicy } = this.props;
    const logGroup = new logs.LogGroup(this, id, { encryptionKey, retention, removalPolicy });
    for (const listener of this.listeners) if (listener.id === id) listener.hear(logGroup);
    return logGroup;
  }
}
