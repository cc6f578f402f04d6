import { Stack } from 'aws-cdk-lib';
import type * as eks from 'aws-cdk-lib/aws-eks-v2';
import { CfnPodIdentityAssociation } from 'aws-cdk-lib/aws-eks';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

/** Properties for the role of pods. */
export interface PodRoleProps {
  readonly cluster: eks.ICluster;
  /** Namespace of the service account. */
  readonly namespace: string;
  /** Name of the service account that the pods run as. */
  readonly serviceAccount: string;
  /**
   * Associate it here; an add-on associates its own roles.
   *
   * @default true
   */
  readonly associate?: boolean;
}

/**
 * What the pods of one service account may do in AWS, by EKS Pod Identity: nothing, until it is granted. No other service account, namespace or
 * cluster can take it on, and no credential of it is kept anywhere.
 *
 * Control: IAM-2, MUL-2, MUL-3.
 */
export class PodRole extends iam.Role {
  constructor(scope: Construct, id: string, { cluster, namespace, serviceAccount, associate = true }: PodRoleProps) {
    const ofThesePods = {
      StringEquals: {
        'aws:SourceAccount': Stack.of(scope).account,
        'aws:RequestTag/kubernetes-namespace': namespace,
        'aws:RequestTag/kubernetes-service-account': serviceAccount,
      },
      ArnEquals: { 'aws:SourceArn': cluster.clusterArn },
    };
    super(scope, id, {
      assumedBy: new iam.SessionTagsPrincipal(new iam.ServicePrincipal('pods.eks.amazonaws.com', { conditions: ofThesePods })),
      description: `Pods of ${namespace}/${serviceAccount}`,
    });
    acknowledge(this, { 'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of the role of one service account and lives and dies with it' });
    if (!associate) return;
    new CfnPodIdentityAssociation(this, 'Association', { clusterName: cluster.clusterName, namespace, serviceAccount, roleArn: this.roleArn });
  }
}
