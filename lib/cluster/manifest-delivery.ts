import { CfnOutput, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as cr from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import type { IDependable } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { AwsCall } from '../private/aws-call';
import type { KubernetesObject } from './manifests';

/** Properties for manifests that get into a cluster. */
export interface ManifestDeliveryProps {
  readonly cluster: eks.ICluster;
  /** Key that encrypts the bucket, where there is one. */
  readonly encryptionKey: kms.IKey;
}

/** Label by which `kubectl` takes away what is not in the manifests any more; the CDK's own. */
const PRUNE_LABEL = 'aws.cdk.eks/prune-';

/**
 * How manifests get into a cluster: applied by the function of the CDK where the cluster has one, and taken away when they are not in the template
 * any more; put into a bucket otherwise, for whoever may apply them. Either way they are the same objects, with everything filled in that is known only
 * when the stack is deployed.
 */
export class ManifestDelivery extends Construct {
  /** Where the manifests are, when nothing here applies them. */
  readonly bucket?: s3.Bucket;

  /**
   * What is delivered. Read when the template is written: servers are added until then.
   *
   * @internal
   */
  _objects: () => KubernetesObject[] = () => [];

  private readonly props: ManifestDeliveryProps;
  private readonly namespaces: string[] = [];
  private readonly clusterWide: Construct;

  constructor(scope: Construct, id: string, props: ManifestDeliveryProps) {
    super(scope, id);
    this.props = props;
    if (!props.cluster.kubectlProvider) this.bucket = this.createBucket();
    this.clusterWide = this.deliver('cluster', '00-cluster.json', (object) => !this.namespaces.some((namespace) => isIn(object, namespace)));
  }

  /** What has to be in the cluster before, such as a mesh whose kinds the manifests have. */
  addPrerequisite(prerequisite: IDependable): void {
    this.clusterWide.node.addDependency(prerequisite);
  }

  /** Delivers what is in a namespace by itself: each is a resource of its own, since AWS CloudFormation hands on a few hundred KB at once. */
  addNamespace(namespace: string): void {
    this.namespaces.push(namespace);
    this.deliver(namespace, `10-${namespace}.json`, (object) => isIn(object, namespace)).node.addDependency(this.clusterWide);
  }

  private deliver(id: string, key: string, which: (object: KubernetesObject) => boolean): Construct {
    const objects = () => this._objects().filter(which);
    return this.bucket ? this.publish(id, key, this.bucket, objects) : this.apply(id, objects);
  }

  private apply(id: string, objects: () => KubernetesObject[]): Construct {
    const labelled = (object: KubernetesObject) => ({ ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, [`${PRUNE_LABEL}${applied.node.addr}`]: '' } } });
    const applied: eks.KubernetesManifest = new eks.KubernetesManifest(this, id, {
      cluster: this.props.cluster,
      prune: true,
      manifest: [Lazy.any({ produce: () => listOf(objects().map(labelled)) })],
    });
    return applied;
  }

  private publish(id: string, key: string, bucket: s3.Bucket, objects: () => KubernetesObject[]): Construct {
    const place = { Bucket: bucket.bucketName, Key: key };
    const call = { service: 's3', physicalResourceId: cr.PhysicalResourceId.of(key), outputPaths: ['VersionId'] };
    const body = Lazy.uncachedString({ produce: () => Stack.of(this).toJsonString(listOf(objects())) });
    const written = new AwsCall(this, id, {
      onUpdate: { ...call, action: 'putObject', parameters: { ...place, ContentType: 'application/json', Body: body } },
      onDelete: { ...call, action: 'deleteObject', parameters: place },
      policy: cr.AwsCustomResourcePolicy.fromStatements([
        new iam.PolicyStatement({ actions: ['s3:PutObject', 's3:DeleteObject'], resources: [bucket.arnForObjects(key)] }),
        new iam.PolicyStatement({ actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [this.props.encryptionKey.keyArn] }),
      ]),
    });
    written.node.addDependency(bucket.policy!);
    return written;
  }

  private createBucket(): s3.Bucket {
    const bucket = new s3.Bucket(this, 'Bucket', {
      versioned: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: this.props.encryptionKey,
      bucketKeyEnabled: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new CfnOutput(this, 'Apply', {
      description: 'Applies the manifests, for who administers the cluster',
      value: `aws s3 sync --delete s3://${bucket.bucketName}/ manifests/ && kubectl apply -f manifests/`,
    });
    const manifests = 'it holds manifests, which the template makes again with every deployment; access to it is in AWS CloudTrail';
    acknowledge(bucket, { 'AwsSolutions-S1': manifests, 'NIST.800.53.R5-S3BucketLoggingEnabled': manifests, 'NIST.800.53.R5-S3BucketReplicationEnabled': manifests });
    return bucket;
  }
}

function listOf(items: readonly object[]): object {
  return { apiVersion: 'v1', kind: 'List', items };
}

function isIn({ kind, metadata }: KubernetesObject, namespace: string): boolean {
  return metadata.namespace === namespace || (kind === 'Namespace' && metadata.name === namespace);
}
