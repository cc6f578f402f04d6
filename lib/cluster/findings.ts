import type * as eks from 'aws-cdk-lib/aws-eks-v2';
import { acknowledge } from '../private/acknowledge';

/** Functions of the CDK itself, whose roles and settings are the CDK's. */
export function acknowledgeKubectl(cluster: eks.Cluster): void {
  const ofTheCdk = 'the function is the CDK\'s own, runs when the stack is deployed and at no other time, and is reached by AWS CloudFormation alone';
  acknowledge(cluster.node.findChild('KubectlProvider'), {
    'AwsSolutions-L1': ofTheCdk,
    'NIST.800.53.R5-LambdaConcurrency': ofTheCdk,
    'NIST.800.53.R5-LambdaDLQ': ofTheCdk,
  });
}
