import { App, Stack, Validations } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { addModel } from '../../bin/models';
import { recommended } from './validated-app';

/** What each reason that is given for any resource speaks of. */
const SPOKEN_OF: Readonly<Record<string, readonly string[]>> = {
  'the X-Ray and, in a VPC, the network interface actions have no resource-level permissions': [
    'xray:PutTraceSegments', 'xray:PutTelemetryRecords',
    'ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets', 'ec2:DeleteNetworkInterface', 'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses',
  ],
  'a list of streams, which an event source asks for, knows no resources': ['dynamodb:ListStreams'],
  'lookups in CloudTrail, descriptions by EC2 and ECS, and lists of tasks know no resources; all of them read, and those of tasks name their cluster': [
    'cloudtrail:LookupEvents', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSecurityGroups', 'ec2:DescribeInstances', 'ec2:DescribeSnapshots', 'ecs:DescribeTaskDefinition', 'ecs:ListTasks', 'ecs:DescribeTasks',
  ],
  'switching these services on, and listing detectors, is about the account as a whole, which has no ARN': [
    'guardduty:ListDetectors', 'guardduty:CreateDetector', 'guardduty:GetDetector', 'guardduty:UpdateDetector', 'securityhub:EnableSecurityHub', 'inspector2:Enable',
  ],
  'ecr:GetAuthorizationToken knows no resources; every other statement names its own': ['ecr:GetAuthorizationToken'],
  'ecr:GetAuthorizationToken and the descriptions of EC2 know no resources; every other statement names its own': [
    'ecr:GetAuthorizationToken', 'ec2:DescribeInstances', 'ec2:DescribeInstanceTypes', 'ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs',
  ],
  'descriptions of EC2 know no resources; every change names its kinds': ['ec2:DescribeInstances', 'ec2:DescribeInstanceTypes', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeTags'],
  'metrics and descriptions know no resources; log groups are named one by one': ['cloudwatch:PutMetricData', 'ec2:DescribeTags', 'ec2:DescribeVolumes', 'logs:DescribeLogGroups'],
};

/** Reasons for a finding that hold for a construct: its own, and those of what it is in. */
function reasonsOf(construct: IConstruct, finding: string): string[] {
  return construct.node.scopes
    .flatMap(({ node }) => node.metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY))
    .flatMap(({ data }) => Object.entries(data as Record<string, string>))
    .flatMap(([id, reason]) => (id.endsWith(finding) ? [reason] : []));
}

function actionsOnAnything(policy: CfnPolicy): string[] {
  const { Statement } = Stack.of(policy).resolve(policy.policyDocument) as { Statement: { Effect: string; Action: string | string[]; Resource: unknown }[] };
  return Statement.filter(({ Effect, Resource }) => Effect === 'Allow' && [Resource].flat().includes('*')).flatMap(({ Action }) => Action);
}

describe.each(['gateway', 'zone', 'cluster'])('the reference stack of the model %s', (model) => {
  const app = new App({ context: { ...recommended, model }, analyticsReporting: false });
  addModel(app);
  const constructs = app.node.findAll();

  test('IAM-2 TBL-2 says of every action that is allowed on any resource why, and the reason speaks of it', () => {
    const policies = constructs.filter((construct) => construct instanceof CfnPolicy).filter((policy) => actionsOnAnything(policy).length > 0);
    expect(policies.length).toBeGreaterThan(0);
    const unsaid = policies.flatMap((policy) => {
      const spokenOf = reasonsOf(policy, 'AwsSolutions-IAM5[Resource::*]').flatMap((reason) => SPOKEN_OF[reason] ?? []);
      return actionsOnAnything(policy).filter((action) => !spokenOf.includes(action)).map((action) => `${policy.node.path}: ${action}`);
    });
    expect(unsaid).toEqual([]);
  });

  test('NET-3 says of functions that clients reach, and of no other, that the stage bounds how many of them run', () => {
    const throttled = constructs.filter((construct) => reasonsOf(construct, 'NIST.800.53.R5-LambdaConcurrency').some((reason) => reason.includes('the stage')) && construct.node.id === 'Resource' && construct.node.defaultChild?.node.path.endsWith('/Resource/Resource'));
    expect(throttled.map(({ node }) => node.scope!.node.path.split('/').slice(-2).join('/')).sort()).toEqual({
      gateway: ['Gateway/Authorizer', 'Gateway/Proxy', 'Grants/Authorizer', 'Grants/Site'],
      zone: ['Gateway/Authorizer', 'Gateway/Proxy', 'Grants/Authorizer', 'Grants/Site'],
      cluster: ['Grants/Site'],
    }[model]);
  });
});
