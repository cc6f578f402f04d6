import { Stack } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as cr from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { wildcardFinding } from '../private/wildcard-finding';
import { AwsCall } from '../private/aws-call';
import type { ClusterNodes } from './nodes';

/**
 * Nodes as targets of a load balancer: those that there are, and those that there will be. Amazon EKS makes the Auto Scaling group of a node group itself, so
 * AWS CloudFormation does not know it: it is asked for, and told of the target group.
 */
export class NodeTarget extends Construct implements elbv2.IApplicationLoadBalancerTarget {
  private readonly nodes: ClusterNodes;

  constructor(scope: Construct, id: string, nodes: ClusterNodes) {
    super(scope, id);
    this.nodes = nodes;
  }

  /** Called by the target group. */
  attachToApplicationTargetGroup(targetGroup: elbv2.IApplicationTargetGroup): elbv2.LoadBalancerTargetProps {
    const { nodegroup } = this.nodes;
    const { partition, region, account } = Stack.of(this);
    const find: cr.AwsSdkCall = {
      service: 'eks',
      action: 'describeNodegroup',
      parameters: { clusterName: nodegroup.cluster.clusterName, nodegroupName: nodegroup.nodegroupName },
      physicalResourceId: cr.PhysicalResourceId.of(nodegroup.nodegroupName),
      outputPaths: [GROUP_NAME],
    };
    const group = new AwsCall(this, 'Group', {
      onUpdate: find,
      policy: cr.AwsCustomResourcePolicy.fromStatements([new iam.PolicyStatement({ actions: ['eks:DescribeNodegroup'], resources: [nodegroup.nodegroupArn] })]),
    });
    const groups = `arn:${partition}:autoscaling:${region}:${account}:autoScalingGroup:*:autoScalingGroupName/eks-*`;
    const parameters = { AutoScalingGroupName: group.getResponseField(GROUP_NAME), TrafficSources: [{ Identifier: targetGroup.targetGroupArn, Type: 'elbv2' }] };
    const attachment = new AwsCall(this, 'Attachment', {
      onUpdate: { service: 'auto-scaling', action: 'attachTrafficSources', parameters, physicalResourceId: cr.PhysicalResourceId.of(targetGroup.targetGroupArn), outputPaths: ['$metadata.requestId'] },
      onDelete: { service: 'auto-scaling', action: 'detachTrafficSources', parameters, outputPaths: ['$metadata.requestId'], ignoreErrorCodesMatching: 'ValidationError' },
      policy: cr.AwsCustomResourcePolicy.fromStatements([new iam.PolicyStatement({
        actions: ['autoscaling:AttachTrafficSources', 'autoscaling:DetachTrafficSources'],
        resources: [groups],
        conditions: { StringEquals: { 'autoscaling:ResourceTag/eks:cluster-name': nodegroup.cluster.clusterName } },
      })]),
    });
    attachment.node.addDependency(targetGroup.loadBalancerAttached);
    acknowledge(attachment, {
      [wildcardFinding(this, groups)]: 'Amazon EKS chooses the name of the group; a condition limits it to groups of this cluster',
    });
    return { targetType: elbv2.TargetType.INSTANCE };
  }
}

const GROUP_NAME = 'nodegroup.resources.autoScalingGroups.0.name';
