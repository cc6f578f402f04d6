import { Stack } from 'aws-cdk-lib';
import type { CfnCondition } from 'aws-cdk-lib';
import type * as eks from 'aws-cdk-lib/aws-eks-v2';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { acknowledge } from '../private/acknowledge';

const OF_THE_CDK = 'the function is the CDK\'s own, runs when the stack is deployed and at no other time, and is reached by AWS CloudFormation alone';
const MANAGED = 'the CDK gives its own function these policies; its endpoints in the zone let it do no more than find the cluster and apply manifests';

/** Encrypts the logs of the CDK's functions that apply manifests, and says why the rest of them is as the CDK has it. */
export function settleKubectl(cluster: eks.Cluster, encryptionKey: kms.IKey): void {
  const provider = cluster.node.findChild('KubectlProvider');
  for (const logGroup of provider.node.findAll().filter((child) => child instanceof CfnLogGroup)) logGroup.kmsKeyId = encryptionKey.keyArn;
  const handler = provider.node.findChild('Handler');
  const stack = Stack.of(cluster);
  const condition = stack.getLogicalId(handler.node.findChild('HasEcrPublic') as CfnCondition);
  const forPublicImages = { 'Fn::If': [condition, { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly']] }, { Ref: 'AWS::NoValue' }] };
  const policies = ['service-role/AWSLambdaBasicExecutionRole', 'service-role/AWSLambdaVPCAccessExecutionRole', 'AmazonEC2ContainerRegistryReadOnly'];
  acknowledge(provider, {
    'AwsSolutions-L1': OF_THE_CDK,
    'NIST.800.53.R5-LambdaConcurrency': OF_THE_CDK,
    'NIST.800.53.R5-LambdaDLQ': OF_THE_CDK,
    ...Object.fromEntries(policies.map((policy) => [`AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`, MANAGED])),
    [`AwsSolutions-IAM4[Policy::${JSON.stringify(forPublicImages)}]`]: MANAGED,
    [`AwsSolutions-IAM5[Resource::<${stack.getLogicalId(handler.node.defaultChild as CfnFunction)}.Arn>:*]`]: 'one function of the CDK calls the other, in whichever version it is',
  });
}
