import { Fn, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { CfnCluster } from 'aws-cdk-lib/aws-eks';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { IDependable } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import type { SecurityZone, ZoneWorkload } from '../zone';
import { ZoneService, ZoneTier } from '../zone';
import { ClusterAddons } from './addons';
import type { McpClusterProps } from './cluster-props';
import { ClusterService } from './endpoint-services';
import { settleKubectl } from './findings';
import { NodeLogs } from './node-logs';
import { ClusterNodes } from './nodes';
import type { ClusterNodesOptions } from './nodes';

/** Port of the agent of Kubernetes on each node: logs, metrics. */
const KUBELET = 10_250;
/** Ports on which the control plane calls pods of add-ons: metrics, and the webhook of the one for logs. */
const ADDONS = [10_251, 9_443];

/**
 * A cluster of Amazon EKS in a security zone: no public endpoint, all logs of the control plane, secrets in an envelope of a key of its own,
 * access by entries that are declared here and nothing else, credentials of pods by Pod Identity, managed add-ons.
 *
 * Control: NET-1, MUL-1, MUL-2, LOG-2, SOC-2, TBL-1.
 *
 * @example
 * const zone = new SecurityZone(this, 'Zone');
 * const cluster = new McpCluster(this, 'Cluster', { zone, administrators: [platformTeam] });
 * cluster.addNodes('servers');
 */
export class McpCluster extends Construct {
  /** The cluster of the CDK. */
  readonly cluster: eks.Cluster;
  readonly zone: SecurityZone;
  /** The key of its secrets and logs. */
  readonly encryptionKey: kms.IKey;

  private readonly props: McpClusterProps;
  private readonly addons: ClusterAddons;
  private readonly logs: NodeLogs;
  private readonly controlPlane: ZoneWorkload;
  private readonly kubectl?: ZoneWorkload;
  private readonly pulledEverywhere: string[] = [];
  private readonly groups: ClusterNodes[] = [];
  private systemNodes?: ClusterNodes;

  constructor(scope: Construct, id: string, props: McpClusterProps) {
    super(scope, id);
    this.props = props;
    this.zone = props.zone;
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    this.encryptionKey = props.encryptionKey ?? new kms.Key(this, 'Key', { description: 'Secrets and logs of a cluster of MCP servers', enableKeyRotation: true, removalPolicy });
    this.controlPlane = this.zone.addServer('control-plane', { tier: ZoneTier.ENDPOINT, port: 443 });
    this.zone.allowClients(this.controlPlane, 443, props.administratorCidrs ?? []);
    const clusterName = Names.uniqueResourceName(this, { maxLength: 60, separator: '-' });
    this.logs = new NodeLogs(this, 'Logs', { clusterName, encryptionKey: this.encryptionKey, retention: props.logRetention ?? logs.RetentionDays.ONE_YEAR, removalPolicy });
    this.kubectl = props.kubectlLayer && this.addApiClient('kubectl');
    this.cluster = this.createCluster(clusterName);
    this.cluster.node.addDependency(this.logs.controlPlane);
    for (const [index, role] of (props.administrators ?? []).entries()) this.cluster.grantClusterAdmin(`Administrator${index + 1}`, role.roleArn);
    this.zone.allowNames(Fn.select(1, Fn.split('//', this.cluster.clusterEndpoint)));
    this.addons = new ClusterAddons(this, 'Addons', { cluster: this.cluster, logs: this.logs, runtimeMonitoring: props.runtimeMonitoring ?? true });
    this.node.addValidation({ validate: () => this.problems() });
    acknowledge(this, {
      'CloudFormation-Validate::W9009': 'the CDK says what is encrypted, which Amazon EKS takes for granted by now',
      ...Object.fromEntries(['<AWS::Partition>', 'aws'].map((partition) => [
        `AwsSolutions-IAM4[Policy::arn:${partition}:iam::aws:policy/AmazonEKSClusterPolicy]`, 'the control plane is run by AWS, which changes what it needs with each version of Kubernetes',
      ])),
      'NIST.800.53.R5-IAMNoInlinePolicy': 'each policy is part of the role of one part of one cluster and lives and dies with it',
    });
  }

  /**
   * Adds nodes, with a place of their own in the zone. The first are not dedicated: add-ons run there, and answer lookups of all others. Nodes reach
   * each other in no other way until it is said with `connectNodes()`.
   *
   * @param name unique in the zone
   * @param options how many of which kind
   */
  addNodes(name: string, options: ClusterNodesOptions = {}): ClusterNodes {
    const { zone, controlPlane } = this;
    const workload = zone.addServer(`${name}-nodes`);
    const nodes = new ClusterNodes(this, `Nodes-${name}`, {
      ...options,
      cluster: this.cluster,
      zone,
      workload,
      addonRegistryAccount: this.props.addonRegistryAccount ?? '602401143452',
      name,
      dedicated: this.systemNodes !== undefined,
    });
    this.systemNodes ??= nodes;
    zone.connectServers(workload, controlPlane, 443);
    zone.connectServers(controlPlane, workload, KUBELET);
    zone.connectLookups(workload, this.systemNodes.workload);
    zone.connectServers(this.systemNodes.workload, workload, KUBELET);
    if (nodes === this.systemNodes) for (const port of ADDONS) zone.connectServers(controlPlane, workload, port);
    this.addons.runOn(nodes);
    this.pulledEverywhere.forEach((repositoryArn) => nodes.letPull(repositoryArn));
    this.groups.push(nodes);
    return nodes;
  }

  /**
   * Lets pods on some nodes connect to pods on others. Network policies say which pods.
   *
   * @param from nodes of those who open connections
   * @param to nodes of those who accept them
   * @param port of the pods
   */
  connectNodes(from: ClusterNodes, to: ClusterNodes, port: number): void {
    this.zone.connectServers(from.workload, to.workload, port);
  }

  /**
   * Lets the control plane call pods on the nodes where add-ons run: a webhook.
   *
   * @param port of the pods
   */
  letCallWebhook(port: number): void {
    this._readiness();
    this.zone.connectServers(this.controlPlane, this.systemNodes!.workload, port);
  }

  /**
   * A place beside the control plane for functions that call its API, which they reach, and nothing else.
   *
   * @param name unique in the zone
   */
  addApiClient(name: string): ZoneWorkload {
    const workload = this.zone.addServer(name, { tier: ZoneTier.ENDPOINT });
    this.zone.connectServers(workload, this.controlPlane, 443);
    return workload;
  }

  /** Installs the driver by which secrets of AWS Secrets Manager become files of pods (MUL-3). */
  addSecretsStore(): void {
    this.addons.addSecretsStore();
  }

  /**
   * A log group of its own for what one container writes, line by line as it writes them.
   *
   * @param namespace of its pods
   * @param container its name
   */
  linesOf(namespace: string, container: string): logs.LogGroup {
    return this.logs.linesOf(namespace, container);
  }

  /** What all other containers write, with what Kubernetes knows of them. */
  get containerLogs(): logs.ILogGroup {
    return this.logs.application;
  }

  /**
   * Lets all nodes pull images of a repository, and those that are added later.
   *
   * @internal
   */
  _letPullEverywhere(repositoryArn: string): void {
    this.pulledEverywhere.push(repositoryArn);
    this.groups.forEach((nodes) => nodes.letPull(repositoryArn));
  }

  /**
   * Lets the function that applies manifests pull charts.
   *
   * @internal
   */
  _letPullCharts(repositoryArn: string): void {
    if (this.kubectl) this.zone.allowImagePull(this.kubectl, repositoryArn);
  }

  /**
   * Pods can run when this is there.
   *
   * @internal
   */
  _readiness(): IDependable {
    if (!this.systemNodes) throw new Error('the cluster has no nodes yet: add some with addNodes() first');
    return this.systemNodes.nodegroup;
  }

  private createCluster(clusterName: string): eks.Cluster {
    const { zone, controlPlane, kubectl, props } = this;
    const { kubectlLayer } = props;
    const cluster = new eks.Cluster(this, 'Resource', {
      clusterName,
      version: props.version ?? eks.KubernetesVersion.V1_35,
      vpc: zone.vpc,
      vpcSubnets: [controlPlane.vpcSubnets],
      securityGroup: controlPlane.securityGroup,
      endpointAccess: eks.EndpointAccess.PRIVATE,
      defaultCapacityType: eks.DefaultCapacityType.NODEGROUP,
      defaultCapacity: 0,
      bootstrapSelfManagedAddons: false,
      bootstrapClusterCreatorAdminPermissions: false,
      secretsEncryptionKey: this.encryptionKey,
      clusterLogging: [eks.ClusterLoggingTypes.API, eks.ClusterLoggingTypes.AUDIT, eks.ClusterLoggingTypes.AUTHENTICATOR, eks.ClusterLoggingTypes.CONTROLLER_MANAGER, eks.ClusterLoggingTypes.SCHEDULER],
      outputConfigCommand: false,
      kubectlProviderOptions: kubectlLayer && kubectl && { kubectlLayer, privateSubnets: kubectl.vpcSubnets.subnets, securityGroups: [kubectl.securityGroup] },
    });
    (cluster.node.defaultChild as CfnCluster).deletionProtection = true;
    if (kubectl) this.letApply(cluster, kubectl);
    return cluster;
  }

  /** What the functions of the CDK do that apply manifests: find the cluster, call each other, and tell AWS CloudFormation that they are done. */
  private letApply(cluster: eks.Cluster, workload: ZoneWorkload): void {
    const { zone } = this;
    const { partition, region, account, urlSuffix } = Stack.of(this);
    zone.allowService(workload, ClusterService.EKS, { actions: ['eks:DescribeCluster'], resources: [cluster.clusterArn] });
    zone.allowService(workload, ZoneService.STS, { actions: ['sts:GetCallerIdentity'], resources: ['*'] });
    zone.allowService(workload, ClusterService.LAMBDA, { actions: ['lambda:InvokeFunction', 'lambda:GetFunction'], resources: [`arn:${partition}:lambda:${region}:${account}:function:*`] });
    const answers = `cloudformation-custom-resource-response-${Fn.join('', Fn.split('-', region))}`;
    zone.allowForeignObjects(workload, {
      actions: ['s3:PutObject'],
      resources: [`arn:${partition}:s3:::${answers}/*`],
      hostNames: [`${answers}.s3.${region}.${urlSuffix}`, `${answers}.s3-${region}.${urlSuffix}`],
    });
    settleKubectl(cluster, this.encryptionKey);
  }

  private problems(): string[] {
    const nobody = this.props.kubectlLayer === undefined && (this.props.administrators ?? []).length === 0;
    return [
      ...(nobody ? ['nobody could apply anything to the cluster: give administrators, or kubectlLayer'] : []),
      ...(this.systemNodes === undefined ? ['the cluster has no nodes: add some with addNodes()'] : []),
    ];
  }
}
