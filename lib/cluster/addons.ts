import { Lazy, Stack } from 'aws-cdk-lib';
import { CfnAddon } from 'aws-cdk-lib/aws-eks';
import type * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { IDependable } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { wildcardFinding } from '../private/wildcard-finding';
import type { ServiceUse } from '../zone';
import { ZoneService } from '../zone';
import type { ClusterNodes } from './nodes';
import { ClusterService } from './endpoint-services';
import type { NodeLogs } from './node-logs';
import { PodRole } from './pod-role';

export interface ClusterAddonsProps {
  readonly cluster: eks.Cluster;
  readonly logs: NodeLogs;
  /** Whether the agent of Amazon GuardDuty runs on each node. */
  readonly runtimeMonitoring: boolean;
}

interface AddonOptions {
  readonly configuration?: () => object;
  readonly role?: { readonly serviceAccount: string; readonly role: iam.Role };
}

/** What the CNI does to give pods addresses, and to take them back. The descriptions know no resources. */
const DESCRIBE_NETWORK = ['ec2:DescribeInstances', 'ec2:DescribeTags', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeInstanceTypes', 'ec2:DescribeSubnets', 'ec2:DescribeSecurityGroups'];
const CHANGE_INTERFACES = [
  'ec2:CreateNetworkInterface', 'ec2:AttachNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:DetachNetworkInterface', 'ec2:ModifyNetworkInterfaceAttribute',
  'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses',
];

/**
 * Managed add-ons, each with a role of its own where it needs one: the network with its policies, names, credentials of pods, logs, and the agent
 * of Amazon GuardDuty. Amazon EKS puts back what somebody changes of them.
 *
 * Control: MUL-3, MUL-5, LOG-2, SOC-2.
 */
export class ClusterAddons extends Construct {
  /** What nodes need to start; nodes come after these. */
  readonly readiness: readonly IDependable[];

  private readonly props: ClusterAddonsProps;
  private readonly uses: { readonly service: ZoneService; readonly use: ServiceUse }[] = [];
  private readonly needNodes: CfnAddon[] = [];

  constructor(scope: Construct, id: string, props: ClusterAddonsProps) {
    super(scope, id);
    this.props = props;
    this.readiness = [
      this.add('eks-pod-identity-agent'),
      this.add('kube-proxy'),
      this.add('vpc-cni', {
        configuration: () => ({ enableNetworkPolicy: 'true', nodeAgent: { enablePolicyEventLogs: 'true' } }),
        role: { serviceAccount: 'aws-node', role: this.networkRole() },
      }),
    ];
    this.needNodes.push(this.add('coredns'), this.add('metrics-server'));
    this.needNodes.push(this.add('amazon-cloudwatch-observability', {
      configuration: () => ({
        containerLogs: { enabled: true, fluentBit: { config: { extraFiles: { 'application-log.conf': props.logs.agentConfig } } } },
        manager: { applicationSignals: { autoMonitor: { monitorAllServices: false } } },
      }),
      role: { serviceAccount: 'cloudwatch-agent', role: this.logRole() },
    }));
    if (props.runtimeMonitoring) this.needNodes.push(this.addGuardDutyAgent());
  }

  /** Nodes whose pods of add-ons use services of AWS. */
  runOn({ workload, zone, nodegroup }: ClusterNodes): void {
    for (const { service, use } of this.uses) zone.allowService(workload, service, use);
    nodegroup.node.addDependency(...this.readiness);
    for (const addon of this.needNodes) addon.node.addDependency(nodegroup);
  }

  /** The driver by which secrets of AWS Secrets Manager become files of pods. */
  addSecretsStore(): void {
    const id = 'aws-secrets-store-csi-driver-provider';
    if (this.node.tryFindChild(id) === undefined) this.needNodes.push(this.add(id));
  }

  private add(addonName: string, { configuration, role }: AddonOptions = {}): CfnAddon {
    return new CfnAddon(this, addonName, {
      clusterName: this.props.cluster.clusterName,
      addonName,
      resolveConflicts: 'OVERWRITE',
      configurationValues: configuration && Lazy.uncachedString({ produce: () => Stack.of(this).toJsonString(configuration()) }),
      podIdentityAssociations: role && [{ serviceAccount: role.serviceAccount, roleArn: role.role.roleArn }],
    });
  }

  private networkRole(): iam.Role {
    const { partition, region, account } = Stack.of(this);
    const { cluster } = this.props;
    const interfaces = ['network-interface', 'instance', 'subnet', 'security-group'].map((kind) => `arn:${partition}:ec2:${region}:${account}:${kind}/*`);
    const role = new PodRole(this, 'NetworkRole', { cluster, namespace: 'kube-system', serviceAccount: 'aws-node', associate: false });
    this.allow(role, ClusterService.EC2, { actions: DESCRIBE_NETWORK, resources: ['*'] });
    this.allow(role, ClusterService.EC2, { actions: CHANGE_INTERFACES, resources: interfaces });
    this.allow(role, ClusterService.EC2, { actions: ['ec2:CreateTags'], resources: interfaces.slice(0, 1) });
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::*]': 'descriptions of EC2 know no resources; every change names its kinds',
      ...Object.fromEntries(interfaces.map((arn) => [wildcardFinding(this, arn), 'the CNI makes interfaces for nodes that come and go, whose ids nobody knows before'])),
    });
    return role;
  }

  private logRole(): iam.Role {
    const { cluster, logs } = this.props;
    const role = new PodRole(this, 'LogRole', { cluster, namespace: 'amazon-cloudwatch', serviceAccount: 'cloudwatch-agent', associate: false });
    this.allow(role, ZoneService.CLOUDWATCH_LOGS, { actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'], resources: Lazy.list({ produce: () => logs.writableArns }) });
    this.allow(role, ZoneService.CLOUDWATCH_LOGS, { actions: ['logs:DescribeLogGroups'], resources: ['*'] });
    this.allow(role, ZoneService.CLOUDWATCH, { actions: ['cloudwatch:PutMetricData'], resources: ['*'] });
    this.allow(role, ClusterService.EC2, { actions: ['ec2:DescribeTags', 'ec2:DescribeVolumes'], resources: ['*'] });
    acknowledge(role, { 'AwsSolutions-IAM5[Resource::*]': 'metrics and descriptions know no resources; log groups are named one by one' });
    return role;
  }

  /** Sends what processes on the nodes do to Amazon GuardDuty, by the credentials of the node. */
  private addGuardDutyAgent(): CfnAddon {
    this.uses.push({ service: ZoneService.GUARDDUTY, use: { actions: ['guardduty:SendSecurityTelemetry'], resources: ['*'] } });
    return this.add('aws-guardduty-agent');
  }

  private allow(role: iam.Role, service: ZoneService, use: ServiceUse): void {
    role.addToPolicy(new iam.PolicyStatement({ actions: use.actions, resources: use.resources }));
    this.uses.push({ service, use });
  }
}
