import { Annotations, Duration, Token } from 'aws-cdk-lib';
import type * as ecr from 'aws-cdk-lib/aws-ecr';
import type * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { BlockList } from '../access-grants';
import { PolicyStore } from '../authorization';
import { Istio, ManifestDelivery, PodRole } from '../cluster';
import type { ClusterNodes, IstioOptions, McpCluster } from '../cluster';
import { gatewayNamespace, MandatoryAccessControl, renderManifests, SecretStore, serverNamespace } from '../cluster/manifests';
import type { KubernetesObject, ServerWorkload } from '../cluster/manifests';
import { placeOnNodes } from '../cluster/placement';
import type { McpWebAcl } from '../gateway';
import { ClusterResponder, Observability, ProtectionPlan } from '../observability';
import { IsolatedStage, ZoneService } from '../zone';
import type { LogArchive, SecurityZone } from '../zone';
import type { ContainerizedMicroservicesProps } from './containerized-microservices-props';
import { issuersOutOfReach } from './issuers-in-reach';
import { READ_SECRET } from './permissions-boundary';
import { PodGateway } from './pod-gateway';
import { PodServer } from './pod-server';
import type { AddPodServerOptions, PodImage } from './pod-server-props';
import { warnUnobserved } from './unobserved';
import { letBlockInZone, letDecideInZone, letUseGrantsInZone } from './zone-foundation';
import type { GatewayPlace } from './zone-foundation';
import { egressRules, ENTRANCE_PORT, ZonedCluster } from './zoned-cluster';

/** Name of the gateway's service account and container in the manifests. */
const GATEWAY = 'gateway';

/** A server as it is to be written. */
interface DeclaredServer {
  readonly workload: ServerWorkload;
  readonly server: PodServer;
}

/**
 * The containerised-microservices model: MCP servers as hardened pods, each in a namespace with walls of its own, on a cluster without a public address; the
 * gateway in front of them in pods too; walls again around the nodes (NET-1, NET-2, CON-0 to CON-5, MUL-1 to MUL-8, TBL-1).
 *
 * Control: NET-2, CON-1, CON-2, CON-3, CON-4, MUL-1, MUL-2, MUL-3, MUL-4, MUL-5, MUL-6, MUL-7, MUL-8, TBL-1, SOC-2.
 *
 * @example
 * const model = new ContainerizedMicroservices(this, 'Mcp', {
 *   tokenIssuers: [{ issuer: 'https://login.example.com', jwks }],
 *   gatewayImage: { repository: gatewayRepository, imageDigest: 'sha256:...' },
 *   domainName: 'mcp.internal.example.com',
 *   certificate,
 *   administrators: [platformTeam],
 * });
 * const crm = model.addServer('crm', { repository, imageDigest: 'sha256:...', egress: { domains: ['api.example.com'] } });
 * crm.grants.callTool(McpPrincipal.group('sales'), 'find_customer');
 */
export class ContainerizedMicroservices extends Construct {
  /** The policies that decide every request. */
  readonly policyStore: PolicyStore;
  /** The gateway in front of the servers. */
  readonly gateway: PodGateway;
  /** The cluster. */
  readonly cluster: eks.ICluster;
  /** How manifests get into it. */
  readonly manifests: ManifestDelivery;
  /** The cluster of the model's own, for nodes and add-ons; absent where one was given. */
  readonly mcpCluster?: McpCluster;
  /** The network of the model's own cluster. */
  readonly zone?: SecurityZone;
  /** Records that nobody in the zone can rewrite. */
  readonly logArchive?: LogArchive;
  /** AWS WAF in front of the load balancer; absent where a cluster was given. */
  readonly webAcl?: McpWebAcl;
  /** The model's eyes. */
  readonly observability?: Observability;
  /** What reaches the cluster for the response to incidents. */
  readonly clusterResponder?: ClusterResponder;

  private readonly props: ContainerizedMicroservicesProps;
  private readonly zoned?: ZonedCluster;
  private readonly servers: DeclaredServer[] = [];

  constructor(scope: Construct, id: string, props: ContainerizedMicroservicesProps) {
    super(scope, id);
    this.props = props;
    if (props.stage !== undefined) IsolatedStage.assign(this, props.stage);
    const namespace = gatewayNamespace(props.namespacePrefix);
    const { givenCluster } = props;
    const zoned = givenCluster ? undefined : new ZonedCluster(this, props, namespace, GATEWAY);
    this.zoned = zoned;
    this.mcpCluster = zoned?.mcpCluster;
    this.zone = zoned?.foundation.zone;
    this.webAcl = zoned?.webAcl;
    this.logArchive = zoned?.foundation.logArchive;
    this.cluster = givenCluster?.cluster ?? zoned!.mcpCluster.cluster;
    const encryptionKey = props.encryptionKey ?? zoned?.foundation.encryptionKey;
    this.policyStore = new PolicyStore(this, 'PolicyStore', { policiesFolder: props.policiesFolder, encryptionKey });
    this.gateway = new PodGateway(this, 'Gateway', {
      ...props,
      encryptionKey,
      policyStore: this.policyStore,
      cluster: this.cluster,
      namespace,
      serviceAccount: GATEWAY,
      publicUrl: givenCluster?.publicUrl ?? zoned!.publicUrl,
      logGroup: givenCluster?.logGroup ?? zoned?.logGroup,
      _grantsPlace: zoned ? { url: zoned.publicUrl, entrance: { lead: (site) => zoned.leadToGrants(site) } } : givenCluster?.grantsApi && { url: givenCluster.grantsApi.publicUrl, entrance: { restApi: givenCluster.grantsApi.restApi } },
    });
    if (zoned) this.openZone(zoned);
    this.manifests = new ManifestDelivery(this, 'Manifests', { cluster: this.cluster, encryptionKey: this.gateway.encryptionKey });
    this.manifests._objects = () => this.render();
    this.manifests.addNamespace(namespace);
    if (props.istio) this.install(props.istio);
    if (props.unsafeUnobserved) warnUnobserved(this);
    else {
      this.clusterResponder = this.reachCluster(props);
      this.observability = this.openEyes(props);
    }
  }

  /**
   * Runs an MCP server in pods and puts it behind the gateway. Nobody may use it until `grants` or a policy says so.
   *
   * @param name lower-case letters, digits and `-`, at most 18; starts with a letter or digit
   * @param options its image, and what it may do
   */
  addServer(name: string, options: AddPodServerOptions): PodServer {
    const { repository, imageDigest, egress, nodes: own, secrets = {}, environment, port = 8080, path = '/mcp' } = options;
    const namespace = serverNamespace(name, this.props.namespacePrefix);
    const nodes = this.zoned?.nodesOf(name, egress, own);
    const role = new PodRole(this, `Role-${name}`, { cluster: this.cluster, namespace, serviceAccount: name });
    if (nodes) this.zoned!.connect(nodes, port);
    this.letPull(nodes, repository);
    const files = Object.entries(secrets);
    if (files.length > 0) this.mcpCluster?.addSecretsStore();
    for (const [, secret] of files) {
      secret.grantRead(role);
      if (nodes) nodes.zone.allowService(nodes.workload, ZoneService.SECRETS_MANAGER, { actions: READ_SECRET, resources: [secret.secretArn] });
    }
    if (options.executesCode && nodes) {
      Annotations.of(role).addWarningV2('cdk-mcp-zero-trust:noSandbox', `${JSON.stringify(name)} executes code, and the nodes that are made here have no sandbox: its pods wait until there are nodes with one`);
    }
    const server = this.gateway.addServer(name, { ...options, url: `https://${name}.${namespace}.svc.cluster.local:${port}${path}` });
    this.letShow(options);
    if (this.clusterResponder) this.observability!.response.addDeployment(name, namespace, name, this.mcpCluster?.containerLogs);
    this.manifests.addNamespace(namespace);
    const declared = new PodServer(this, name, namespace, role, server, nodes);
    const { command, args, user, writablePaths, resources, scaling, seccompProfile, executesCode, sandbox } = options;
    this.servers.push({
      server: declared,
      workload: {
        name, port, path, environment, command, args, user, writablePaths, resources, scaling, seccompProfile, executesCode, sandbox,
        image: imageOf({ repository, imageDigest }),
        podIdentity: true,
        secrets: files.map(([file, { secretArn }]) => ({ name: file, reference: secretArn })),
        egress: egressRules(egress),
      },
    });
    return declared;
  }

  /** The response reaches the cluster from beside its control plane; in one that was given, from where its owner says. */
  private reachCluster({ givenCluster, logRetention, removalPolicy }: ContainerizedMicroservicesProps): ClusterResponder | undefined {
    const workload = this.mcpCluster?.addApiClient('response');
    const place = workload ? { vpcSubnets: workload.vpcSubnets, securityGroups: [workload.securityGroup] } : givenCluster?.apiAccess;
    return place && new ClusterResponder(this, 'ClusterResponder', { vpc: this.zone?.vpc, ...place, cluster: this.cluster, encryptionKey: this.gateway.encryptionKey, logRetention, removalPolicy });
  }

  private openEyes({ registry, accessGrants, observability: options, runtimeMonitoring, givenCluster, logRetention = logs.RetentionDays.ONE_YEAR }: ContainerizedMicroservicesProps): Observability {
    const { gateway, zone, zoned, cluster, clusterResponder, logArchive } = this;
    const runtime = runtimeMonitoring ?? true ? [ProtectionPlan.of('RUNTIME_MONITORING')] : [];
    if (givenCluster && runtimeMonitoring === undefined && !options?.threatDetection?.protectionPlans) warnOfAgents(this);
    const observability = new Observability(this, 'Observability', {
      ...options,
      auditTrail: { retention: Duration.days(logRetention), ...options?.auditTrail },
      // The agents on the nodes are those of the cluster's own add-on, or of the owner of one that was given.
      threatDetection: { protectionPlans: [ProtectionPlan.S3, ProtectionPlan.LAMBDA, ProtectionPlan.MALWARE, ProtectionPlan.EKS_AUDIT, ...runtime], ...options?.threatDetection },
      gateway,
      zone,
      registry, accessGrants,
      nested: true,
      clusterName: cluster.clusterName,
      loadBalancer: zoned?.foundation.balancer.loadBalancer,
      webAcl: this.webAcl,
      clusterResponder,
      blockList: this.blockList(),
      accessLogBucket: logArchive?.accessLogs,
    });
    if (zoned) zone!.allowService(zoned.gatewayNodes.workload, ZoneService.KMS, { actions: ['kms:Sign'], resources: [observability.auditTrail.signingKey.keyArn] });
    return observability;
  }

  /** Where no kill switch of grants does it. In a cluster that was given, where its owner lets the response in; the gateway's egress has to lead to DynamoDB then. */
  private blockList(): BlockList | undefined {
    const { gateway, zoned, props } = this;
    const { encryptionKey } = gateway;
    if (props.accessGrants) return undefined;
    if (zoned) return letBlockInZone(this, gateway, this.gatewayPlace(zoned), { encryptionKey, removalPolicy: props.removalPolicy });
    if (!this.clusterResponder) return undefined;
    const blockList = new BlockList(this, 'BlockList', { encryptionKey, removalPolicy: props.removalPolicy });
    gateway._obey(blockList);
    return blockList;
  }

  /** Manifests of a mesh have kinds that the mesh brings. */
  private install(istio: IstioOptions): void {
    if (!this.mcpCluster) throw new Error('istio is given, and the cluster is too: install it where the cluster is defined');
    this.manifests.addPrerequisite(new Istio(this, 'Istio', { ...istio, mcpCluster: this.mcpCluster }));
  }

  /** What the gateway reaches from its nodes, and what has to hold when all is declared. */
  private openZone(zoned: ZonedCluster): void {
    const { registry, accessGrants, traceExport, tokenIssuers } = this.props;
    const { zone } = zoned.foundation;
    letDecideInZone(this.gateway, { ...this.gatewayPlace(zoned), registry });
    if (accessGrants) letUseGrantsInZone(accessGrants, this.gatewayPlace(zoned));
    if (traceExport) zoned.letSendTraces(traceExport);
    this.letPull(zoned.gatewayNodes, undefined);
    this.node.addValidation({ validate: () => issuersOutOfReach(zone, tokenIssuers, (name) => `declare it with gatewayEgress: { domains: [${name}] }`) });
  }

  private gatewayPlace({ foundation: { zone }, gatewayNodes: { workload } }: ZonedCluster): GatewayPlace {
    return { zone, workload, tell: (name, value) => this.gateway.addEnvironment(name, value) };
  }

  /** Pods of servers have a container of the gateway's image besides, which asks them whether they answer. */
  private letPull(nodes: ClusterNodes | undefined, repository: ecr.IRepository | undefined): void {
    for (const { repositoryArn } of new Set([this.props.gatewayImage.repository, ...(repository ? [repository] : [])])) nodes?.letPull(repositoryArn);
  }

  /** Secrets that the gateway shows a server come through an endpoint that names them. */
  private letShow({ headersSecret, credentials }: AddPodServerOptions): void {
    const resources = [...(headersSecret ? [headersSecret.secretArn] : []), ...(credentials?._secretArns ?? [])];
    if (this.zoned && resources.length > 0) this.zone!.allowService(this.zoned.gatewayNodes.workload, ZoneService.SECRETS_MANAGER, { actions: READ_SECRET, resources });
  }

  private render(): KubernetesObject[] {
    const { props, zoned } = this;
    const { givenCluster } = props;
    const usesSecrets = this.servers.some(({ workload }) => (workload.secrets ?? []).length > 0);
    const objects = renderManifests({
      gateway: {
        image: imageOf(props.gatewayImage),
        publicUrl: this.gateway.gatewayUrl,
        sources: givenCluster?.gatewaySources ?? zoned!.gatewaySources,
        egress: givenCluster?.gatewayEgress ?? zoned!.gatewayEgress,
        environment: this.gateway._environment(),
        podIdentity: true,
        telemetry: props.traceExport?._pods,
        nodePort: zoned && ENTRANCE_PORT,
        scaling: props.gatewayScaling,
        resources: props.gatewayResources,
      },
      servers: this.servers.map(({ workload, server }) => ({ ...workload, gatewaySettings: settingsOf(server) })),
      mesh: props.mesh,
      imageSignatures: props.imageSignatures,
      namespacePrefix: props.namespacePrefix,
      responders: this.clusterResponder && ClusterResponder.GROUP,
      secretStore: usesSecrets ? SecretStore.awsSecretsManager() : undefined,
      accessControl: givenCluster?.appArmor ? MandatoryAccessControl.APP_ARMOR : MandatoryAccessControl.SELINUX,
    });
    if (!zoned) return objects;
    const nodes = new Map([[gatewayNamespace(props.namespacePrefix), zoned.gatewayNodes], ...this.servers.map(({ server }) => [server.namespace, server.nodes!] as const)]);
    return placeOnNodes(objects, (namespace) => nodes.get(namespace)?.name);
  }
}

/** Agents of nodes are their owner's. To have GuardDuty manage them would put them into all clusters of the account. */
function warnOfAgents(scope: Construct): void {
  Annotations.of(scope).addWarningV2('cdk-mcp-zero-trust:noRuntimeAgent', 'GuardDuty watches what runs on the nodes of the given cluster only where its agent does: install the add-on aws-guardduty-agent, with an endpoint of guardduty-data in its network, and say runtimeMonitoring: true; or false, and it is not watched');
}

function imageOf({ repository, imageDigest }: PodImage): string {
  if (!Token.isUnresolved(imageDigest) && !/^sha256:[0-9a-f]{64}$/.test(imageDigest)) throw new Error(`the digest of an image is ${JSON.stringify(imageDigest)}, expected "sha256:" and 64 hexadecimal digits`);
  return repository.repositoryUriForDigest(imageDigest);
}

/** What the gateway is told of a server, but for where it is: manifests know that. */
function settingsOf({ server }: PodServer): { [name: string]: unknown } {
  const { name: _name, url: _url, unsafeAllowPlainHttp: _plain, ...settings } = server._settings();
  return settings;
}
