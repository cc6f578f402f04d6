import { Annotations, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { PolicyStore } from '../authorization';
import type { McpToolDefinition } from '../authorization';
import { McpGateway } from '../gateway';
import type { McpServer, McpServerGrants, McpTokenIssuer, UnknownArguments } from '../gateway';
import { acknowledge } from '../private/acknowledge';
import type { IToolRegistry } from '../registry';
import { ContainerGateway, proxyOf } from './container-gateway';
import type { ContainerGatewayOptions } from './container-gateway';
import { FargateServer, IsolatedStage, LogArchive, SecurityZone, ZoneBalancer, ZoneService, ZoneTier } from '../zone';
import type { ContainerOptions, EgressOptions, ZoneEgressProps, ZoneWorkload } from '../zone';

/** Properties for MCP servers in a security zone of their own. */
export interface DedicatedSecurityZoneProps {
  /** The authorization servers whose access tokens are accepted (IAM-1). */
  readonly tokenIssuers: McpTokenIssuer[];

  /** Domain of the servers inside of the zone: a server is at `<name>.<domainName>`. The name exists in this VPC only. */
  readonly domainName: string;

  /** Certificate of `*.<domainName>` for the load balancer (NET-4). */
  readonly certificate: acm.ICertificate;

  /**
   * The registry of approved tools; only what it holds approved is served (TD-4, SC-2). Its own functions run outside of the zone and cannot
   * ask servers in it: definitions are submitted, and the gateway notes what servers offer.
   *
   * @default - every tool that the policies permit
   */
  readonly registry?: IToolRegistry;

  /**
   * An API that is there already, which the gateway adds its routes to instead of a private API of its own: your API in front, everything
   * behind it in the zone. Needs `publicUrl`.
   *
   * @default - a private API
   */
  readonly restApi?: apigateway.IRestApi;

  /**
   * Where clients reach `restApi`, without a trailing slash.
   *
   * @default - none; required with `restApi`
   */
  readonly publicUrl?: string;

  /**
   * Folder of Cedar policies, `*.cedar`.
   *
   * @default - no policies but those that are granted
   */
  readonly policiesFolder?: string;

  /**
   * Stage of the environment: `dev`, `test`, `prod`. Of zones of different stages, synthesis fails where they share a key, a policy store, a
   * token issuer or a trust (MUL-7).
   *
   * @default - none; nothing is compared
   */
  readonly stage?: string;

  /**
   * Private addresses of the zone, from /16 to /20.
   *
   * @default '10.80.0.0/20'
   */
  readonly cidr?: string;

  /**
   * Availability zones, 2 or 3.
   *
   * @default 2
   */
  readonly maxAzs?: number;

  /**
   * Interface endpoints (`execute-api`) in the VPCs of clients, by which they reach the gateway: no network is connected to the zone then.
   *
   * @default - an endpoint in the zone, for `clientCidrs`
   */
  readonly clientEndpoints?: ec2.IVpcEndpoint[];

  /**
   * Addresses of clients in networks that are connected to the zone's VPC.
   *
   * @default - none
   */
  readonly clientCidrs?: string[];

  /**
   * How declared egress is guarded.
   *
   * @default - server names are read and nothing is decrypted; no managed rule groups
   */
  readonly egress?: ZoneEgressProps;

  /**
   * How long logs are kept, and archived records cannot be deleted.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;
}

/** An MCP server in the zone. */
export interface AddZonedServerOptions extends ContainerOptions {
  /**
   * Port on which the container speaks TLS. The load balancer does not check its certificate, which may be made by the container itself.
   *
   * @default 8443
   */
  readonly port?: number;

  /**
   * The container speaks HTTP without TLS (NET-4).
   *
   * @default false
   */
  readonly unsafePlainHttp?: boolean;

  /**
   * Path of the MCP endpoint.
   *
   * @default '/mcp'
   */
  readonly path?: string;

  /**
   * Path that the load balancer asks for whether the server is healthy.
   *
   * @default - the path of the MCP endpoint, where any answer below 500 is healthy
   */
  readonly healthCheckPath?: string;

  /**
   * What the server may reach outside of the zone.
   *
   * @default - nothing
   */
  readonly egress?: EgressOptions;

  /**
   * The server's tools as its `tools/list` gives them.
   *
   * @default - tools are known by the names that grants give them
   */
  readonly toolDefinitions?: McpToolDefinition[];

  /**
   * What happens to arguments that a tool's schema does not know (IOV-4).
   *
   * @default UnknownArguments.REFUSE
   */
  readonly unknownArguments?: UnknownArguments;
}

/** An MCP server that runs in the zone, behind its gateway. */
export class ZonedServer extends Construct implements ec2.IConnectable, iam.IGrantable {
  readonly connections: ec2.Connections;
  readonly grantPrincipal: iam.IPrincipal;

  /** What principals may do with the server's tools. */
  readonly grants: McpServerGrants;

  constructor(
    scope: Construct,
    id: string,
    /** Its place in the zone. */
    readonly workload: ZoneWorkload,
    /** Its tasks. */
    readonly container: FargateServer,
    /** The server as the gateway knows it. */
    readonly server: McpServer,
  ) {
    super(scope, id);
    this.connections = workload.connections;
    this.grantPrincipal = container.grantPrincipal;
    this.grants = server.grants;
  }
}

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
  readonly encryptionKey: kms.Key;
  /** Records that nobody in the zone can rewrite. */
  readonly logArchive: LogArchive;
  /** What no role of the zone can exceed. */
  readonly permissionsBoundary: iam.ManagedPolicy;

  private readonly props: DedicatedSecurityZoneProps;
  private readonly balancer: ZoneBalancer;
  private readonly cluster: ecs.Cluster;

  constructor(scope: Construct, id: string, props: DedicatedSecurityZoneProps) {
    super(scope, id);
    this.props = props;
    if (props.stage !== undefined) IsolatedStage.assign(this, props.stage);
    const logRetention = props.logRetention ?? logs.RetentionDays.ONE_YEAR;
    this.encryptionKey = new kms.Key(this, 'Key', { description: 'Everything in an MCP security zone', enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
    this.zone = new SecurityZone(this, 'Zone', { cidr: props.cidr, maxAzs: props.maxAzs, egress: props.egress, encryptionKey: this.encryptionKey, logRetention });
    this.logArchive = new LogArchive(this, 'LogArchive', { encryptionKey: this.encryptionKey, retention: Duration.days(logRetention) });
    this.logArchive.addFlowLog(this.zone.vpc);
    this.balancer = new ZoneBalancer(this, 'Balancer', { zone: this.zone, domainName: props.domainName, certificate: props.certificate, logBucket: this.logArchive.accessLogs });
    this.cluster = this.createCluster();
    this.policyStore = new PolicyStore(this, 'PolicyStore', { policiesFolder: props.policiesFolder, encryptionKey: this.encryptionKey });
    this.gatewayWorkload = this.zone.addServer('gateway', { tier: ZoneTier.FRONT });
    this.zone.connectServers(this.gatewayWorkload, this.balancer.workload, 443);
    this.gateway = this.createGateway(logRetention);
    this.permissionsBoundary = this.createBoundary();
    this.node.addValidation({ validate: () => this.issuersOutOfReach() });
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
    return new ZonedServer(this, name, workload, tasks, server);
  }

  /**
   * Runs the gateway as tasks in the zone too, with an entrance of its own.
   *
   * @param options the image that `Dockerfile` of this package makes, and who may reach it
   */
  addContainerGateway(options: ContainerGatewayOptions): ContainerGateway {
    return new ContainerGateway(this, 'ContainerGateway', {
      ...options,
      zone: this.zone,
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
    zone.allowService(workload, ZoneService.VERIFIED_PERMISSIONS, {
      actions: DECIDE,
      resources: [policyStore.policyStoreArn],
    });
    const gateway = new McpGateway(this, 'Gateway', {
      tokenIssuers: props.tokenIssuers,
      policyStore,
      encryptionKey,
      logRetention,
      registry: props.registry,
      restApi: props.restApi,
      publicUrl: props.publicUrl,
      vpcEndpoints: props.restApi ? undefined : props.clientEndpoints ?? [zone.addApiEndpoint(`arn:${partition}:execute-api:${region}:${account}:*`, props.clientCidrs ?? [])],
      vpc: zone.vpc,
      vpcSubnets: workload.vpcSubnets,
      securityGroups: [workload.securityGroup],
      authorizerInVpc: true,
    });
    zone.allowService(workload, ZoneService.SECRETS_MANAGER, { actions: READ_SECRET, resources: [gateway.keySecret.secretArn] });
    if (props.registry) this.letServeBy(props.registry, proxyOf(gateway));
    return gateway;
  }

  /** The registry's table and its public key, and nothing else of these services. */
  private letServeBy({ tableArn, signingKeyArn }: IToolRegistry, proxy: lambda.Function): void {
    const { zone, gatewayWorkload: workload } = this;
    zone.allowService(workload, ZoneService.DYNAMODB, { actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'], resources: [tableArn] });
    zone.allowService(workload, ZoneService.KMS, { actions: ['kms:GetPublicKey'], resources: [signingKeyArn] });
    proxy.addEnvironment('AWS_ENDPOINT_URL_DYNAMODB', zone.endpointUrl(ZoneService.DYNAMODB));
  }

  /** Messages of a validation: whether the gateway can fetch the keys of its issuers. */
  private issuersOutOfReach(): string[] {
    return this.props.tokenIssuers.flatMap(({ issuer, jwksUri }) => {
      if (jwksUri === undefined || Token.isUnresolved(jwksUri)) return [];
      const { hostname } = new URL(jwksUri);
      if (this.zone.knowsName(hostname)) return [];
      return [`the gateway cannot reach ${hostname} for the keys of ${issuer}: declare it with zone.allowEgress(gatewayWorkload, { domains: [${JSON.stringify(hostname)}] }), or give the keys with jwks`];
    });
  }

  /** Nothing of the zone can make principals, change networks, or touch what another account owns, whatever its policies say. */
  private createBoundary(): iam.ManagedPolicy {
    const { account } = Stack.of(this);
    const boundary = new iam.ManagedPolicy(this, 'PermissionsBoundary', {
      description: 'What no role of an MCP security zone can exceed',
      statements: [
        new iam.PolicyStatement({
          actions: [
            'logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogGroups', 'logs:DescribeLogStreams', 'logs:GetLogEvents', 'logs:FilterLogEvents', 'xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'cloudwatch:PutMetricData',
            'ecr:GetAuthorizationToken', ...PULL, ...READ_SECRET, 'kms:Decrypt', 'kms:Encrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:GenerateDataKey', 'kms:DescribeKey', 'kms:GetPublicKey',
            ...DECIDE,
            'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:Query', 'dynamodb:BatchGetItem', 'dynamodb:DeleteItem', 's3:GetObject', 's3:PutObject', 's3:ListBucket',
          ],
          resources: ['*'],
          // Absent where an action knows no resources.
          conditions: { StringEqualsIfExists: { 'aws:ResourceAccount': account } },
        }),
        new iam.PolicyStatement({
          actions: ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets', 'ec2:DeleteNetworkInterface', 'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses'],
          resources: ['*'],
        }),
      ],
    });
    acknowledge(boundary, { 'AwsSolutions-IAM5[Resource::*]': 'a boundary grants nothing: it bounds what the policies of each role grant, which name their resources' });
    iam.PermissionsBoundary.of(this).apply(boundary);
    return boundary;
  }
}

const DECIDE = [
  'verifiedpermissions:GetPolicyStore', 'verifiedpermissions:GetSchema', 'verifiedpermissions:ListPolicies', 'verifiedpermissions:GetPolicy', 'verifiedpermissions:BatchGetPolicy',
  'verifiedpermissions:IsAuthorized',
];
const READ_SECRET = ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'];
const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
