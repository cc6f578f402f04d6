import { Annotations, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { PolicyStore } from '../authorization';
import { McpGateway } from '../gateway';
import { Observability, ProtectionPlan } from '../observability';
import { ToolRegistry } from '../registry';
import type { IToolRegistry } from '../registry';
import { FargateServer, IsolatedStage, ZoneService, ZoneTier } from '../zone';
import type { LogArchive, SecurityZone, ZoneBalancer, ZoneWorkload } from '../zone';
import { ContainerGateway, proxyOf } from './container-gateway';
import type { ContainerGatewayOptions } from './container-gateway';
import type { AddZonedServerOptions, DedicatedSecurityZoneProps } from './dedicated-security-zone-props';
import { issuersOutOfReach } from './issuers-in-reach';
import { boundRoles } from './permissions-boundary';
import { warnUnobserved } from './unobserved';
import { layFoundation, letBlockInZone, letDecideInZone, letDiscoverInZone, letUseGrantsInZone } from './zone-foundation';
import type { GatewayPlace } from './zone-foundation';
import { ZonedServer } from './zoned-server';

/**
 * The dedicated-security-zone model (NET-1): MCP servers as hardened tasks in a network without a way out, an internal load balancer with TLS
 * 1.3, the gateway inside, a private API in front, and keys, a permissions boundary and a log archive that nothing else shares.
 *
 * @example
 * const model = new DedicatedSecurityZone(this, 'Mcp', {
 *   tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' }],
 *   domainName: 'mcp.internal.example.com',
 *   certificate,
 * });
 * const crm = model.addServer('crm', { repository, imageDigest: 'sha256:...', egress: { domains: ['api.example.com'] } });
 * crm.grants.callTool(McpPrincipal.group('sales'), 'find_customer');
 */
export class DedicatedSecurityZone extends Construct {
  /** The network. */
  readonly zone: SecurityZone;
  /** The policies that decide every request. */
  readonly policyStore: PolicyStore;
  /** The gateway in front of the servers. */
  readonly gateway: McpGateway;
  /** The gateway's place in the zone. */
  readonly gatewayWorkload: ZoneWorkload;
  /** The key of everything in the zone. */
  readonly encryptionKey: kms.IKey;
  /** Records that nobody in the zone can rewrite. */
  readonly logArchive: LogArchive;
  /** The zone's eyes. */
  readonly observability?: Observability;
  /** What no role of the zone can exceed. */
  readonly permissionsBoundary: iam.ManagedPolicy;
  /** From where servers are asked what they offer; absent without a registry in this stack. */
  readonly discoveryWorkload?: ZoneWorkload;

  private readonly props: DedicatedSecurityZoneProps;
  private readonly balancer: ZoneBalancer;
  private readonly cluster: ecs.Cluster;

  constructor(scope: Construct, id: string, props: DedicatedSecurityZoneProps) {
    super(scope, id);
    this.props = props;
    if (props.stage !== undefined) IsolatedStage.assign(this, props.stage);
    const logRetention = props.logRetention ?? logs.RetentionDays.ONE_YEAR;
    const foundation = layFoundation(this, { ...props, logRetention });
    this.encryptionKey = foundation.encryptionKey;
    this.zone = foundation.zone;
    this.logArchive = foundation.logArchive;
    this.balancer = foundation.balancer;
    this.balancer._withoutWebAcl('only functions of the zone can connect to this load balancer; AWS WAF is in front of the gateway, where requests come from outside');
    this.cluster = this.createCluster();
    this.policyStore = new PolicyStore(this, 'PolicyStore', { policiesFolder: props.policiesFolder, encryptionKey: this.encryptionKey });
    this.gatewayWorkload = this.zone.addServer('gateway', { tier: ZoneTier.FRONT });
    this.zone.connectServers(this.gatewayWorkload, this.balancer.workload, 443);
    this.gateway = this.createGateway(logRetention);
    this.permissionsBoundary = boundRoles(this);
    this.discoveryWorkload = this.letDiscover(props.registry);
    if (props.unsafeUnobserved) warnUnobserved(this);
    else this.observability = this.openEyes(logRetention);
    this.node.addValidation({
      validate: () => issuersOutOfReach(this.zone, props.tokenIssuers, (name) => `declare it with zone.allowEgress(gatewayWorkload, { domains: [${name}] })`),
    });
  }

  /**
   * Runs an MCP server in the zone and puts it behind the gateway. Nobody may use it until `grants` or a policy says so.
   *
   * @param name lower-case letters, digits and `-`, at most 25; starts with a letter or digit
   * @param options its image, and what it may do
   */
  addServer(name: string, options: AddZonedServerOptions): ZonedServer {
    const { port = 8443, path = '/mcp', unsafePlainHttp = false, egress, healthCheckPath, toolDefinitions, unknownArguments, ...container } = options;
    const workload = this.zone.addServer(name, { port });
    if (egress) this.zone.allowEgress(workload, egress);
    const tasks = new FargateServer(this, `Server-${name}`, {
      ...container,
      guardDutyAgent: this.props.guardDutyAgent,
      zone: this.zone,
      workload,
      port,
      cluster: this.cluster,
      encryptionKey: this.encryptionKey,
      logRetention: this.props.logRetention ?? logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    if (unsafePlainHttp) Annotations.of(tasks).addWarningV2('cdk-mcp-zero-trust:plaintextTarget', `the load balancer reaches the MCP server ${JSON.stringify(name)} without TLS`);
    this.balancer.addTarget(name, {
      workload,
      target: tasks.loadBalancerTarget(),
      port,
      protocol: unsafePlainHttp ? elbv2.ApplicationProtocol.HTTP : elbv2.ApplicationProtocol.HTTPS,
      healthCheckPath: healthCheckPath ?? path,
      healthyCodes: healthCheckPath === undefined ? '200-499' : '200',
    });
    const server = this.gateway.addServer(name, { url: `https://${name}.${this.props.domainName}${path}`, toolDefinitions, unknownArguments });
    this.observability?.response.addEcsService(name, tasks.service, tasks.logGroup);
    return new ZonedServer(this, name, workload, tasks, server);
  }

  /**
   * Runs the gateway as tasks in the zone too, with an entrance of its own.
   *
   * @param options the image that `Dockerfile` of this package makes, and who may reach it
   */
  addContainerGateway(options: ContainerGatewayOptions): ContainerGateway {
    const gateway = new ContainerGateway(this, 'ContainerGateway', {
      ...options,
      zone: this.zone,
      guardDutyAgent: this.props.guardDutyAgent,
      gateway: this.gateway,
      workload: this.gatewayWorkload,
      cluster: this.cluster,
      domainName: this.props.domainName,
      hostedZone: this.balancer.hostedZone,
      certificate: this.props.certificate,
      logBucket: this.logArchive.accessLogs,
      encryptionKey: this.encryptionKey,
      logRetention: this.props.logRetention ?? logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.observability?.addAuditLog(gateway.tasks.logGroup);
    return gateway;
  }

  private openEyes(logRetention: logs.RetentionDays): Observability {
    const { zone, gateway, gatewayWorkload, encryptionKey, logArchive, props } = this;
    const blockList = props.accessGrants ? undefined : letBlockInZone(this, gateway, placeOf(gateway, zone, gatewayWorkload), { encryptionKey });
    const observability = new Observability(this, 'Observability', {
      ...props.observability,
      ...(props.guardDutyAgent && { threatDetection: { protectionPlans: [ProtectionPlan.S3, ProtectionPlan.LAMBDA, ProtectionPlan.MALWARE, ProtectionPlan.RUNTIME_ECS], ...props.observability?.threatDetection } }),
      blockList,
      auditTrail: { retention: Duration.days(logRetention), ...props.observability?.auditTrail },
      gateway, zone, encryptionKey,
      nested: true,
      registry: props.registry,
      accessGrants: props.accessGrants,
      accessLogBucket: logArchive.accessLogs,
    });
    zone.allowService(gatewayWorkload, ZoneService.KMS, { actions: ['kms:Sign'], resources: [observability.auditTrail.signingKey.keyArn] });
    // Who watches stands outside of what is watched: these roles reach services that nothing in the zone may.
    iam.PermissionsBoundary.of(observability).clear();
    return observability;
  }

  /** Of a registry elsewhere, the function that asks would wait for this stack, and this stack for the registry. */
  private letDiscover(registry: IToolRegistry | undefined): ZoneWorkload | undefined {
    if (registry === undefined) return undefined;
    if (!(registry instanceof ToolRegistry) || Stack.of(registry) !== Stack.of(this)) {
      Annotations.of(this).addWarningV2('cdk-mcp-zero-trust:undiscovered', 'the registry of tools is not in the stack of the zone and cannot ask the servers in it: what they offer is found when somebody uses it');
      return undefined;
    }
    const workload = letDiscoverInZone(registry, { zone: this.zone, balancer: this.balancer });
    iam.PermissionsBoundary.of(registry._discoverer).apply(this.permissionsBoundary);
    return workload;
  }

  private createCluster(): ecs.Cluster {
    return new ecs.Cluster(this, 'Cluster', {
      vpc: this.zone.vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
      enableFargateCapacityProviders: true,
    });
  }

  private createGateway(logRetention: logs.RetentionDays): McpGateway {
    const { zone, gatewayWorkload: workload, policyStore, encryptionKey, props } = this;
    const { account, partition, region } = Stack.of(this);
    const gateway = new McpGateway(this, 'Gateway', {
      tokenIssuers: props.tokenIssuers,
      policyStore,
      encryptionKey,
      logRetention,
      registry: props.registry,
      accessGrants: props.accessGrants,
      traceExport: props.traceExport,
      restApi: props.restApi,
      publicUrl: props.publicUrl,
      vpcEndpoints: props.restApi ? undefined : props.clientEndpoints ?? [zone.addApiEndpoint(`arn:${partition}:execute-api:${region}:${account}:*`, props.clientCidrs ?? [])],
      vpc: zone.vpc,
      vpcSubnets: workload.vpcSubnets,
      securityGroups: [workload.securityGroup],
      authorizerInVpc: true,
    });
    const sends = props.traceExport?._actions() ?? [];
    if (sends.length > 0) zone.allowService(workload, ZoneService.XRAY, { actions: sends, resources: ['*'] });
    const place = placeOf(gateway, zone, workload);
    letDecideInZone(gateway, { ...place, registry: props.registry });
    if (props.accessGrants) letUseGrantsInZone(props.accessGrants, place);
    return gateway;
  }
}

function placeOf(gateway: McpGateway, zone: SecurityZone, workload: ZoneWorkload): GatewayPlace {
  return { zone, workload, tell: (name, value) => void proxyOf(gateway).addEnvironment(name, value) };
}
