import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as eks from 'aws-cdk-lib/aws-eks-v2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { SecurityZone } from '../zone';

/** How a cluster is run. */
export interface McpClusterOptions {
  /**
   * Version of Kubernetes. The layer with `kubectl` must be of the same, or of one before or after.
   *
   * @default eks.KubernetesVersion.V1_35
   */
  readonly version?: eks.KubernetesVersion;

  /**
   * A Lambda layer with `kubectl`, such as `KubectlV35Layer` of `@aws-cdk/lambda-layer-kubectl-v35`: with it, a function in the zone applies manifests when
   * the stack is deployed.
   *
   * @default - manifests are put into a bucket, for whoever may apply them
   */
  readonly kubectlLayer?: lambda.ILayerVersion;

  /**
   * Who administers the cluster. Whoever deploys it does not, unless named here.
   *
   * @default - nobody but the function that applies manifests
   */
  readonly administrators?: iam.IRole[];

  /**
   * Addresses in connected networks from which the cluster's API is reached. It has no public endpoint.
   *
   * @default - none
   */
  readonly administratorCidrs?: string[];

  /**
   * Run the agent of Amazon GuardDuty on each node (HOST-0). It reports to the detector of the account, which needs `RUNTIME_MONITORING` on,
   * with agents managed by you. Of a cluster that is given, `true` says that its owner runs them.
   *
   * @default true, with a warning for a cluster that is given
   */
  readonly runtimeMonitoring?: boolean;

  /**
   * Registry account of AWS that images of managed add-ons come from. It is another one in some regions.
   *
   * @default '602401143452'
   */
  readonly addonRegistryAccount?: string;
}

/** Properties for a cluster of MCP servers. */
export interface McpClusterProps extends McpClusterOptions {
  /** The network that it is in. */
  readonly zone: SecurityZone;

  /**
   * Key that encrypts secrets of the cluster, in an envelope of their own, and its logs.
   *
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How long logs are kept.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to logs and key when the cluster is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
