import { Annotations, Duration, Size, Token } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { functionCode } from '../private/bundle';
import { addAuditMetrics, addLatencyMetric } from './audit-metrics';
import { environmentTooLarge, Variable } from './environment';
import { GatewayFunction } from './function';
import { McpGatewayBase } from './gateway-base';
import type { IMcpGateway } from './gateway-base';
import type { McpGatewayAttributes, McpGatewayProps } from './gateway-props';
import { addGatewayResponses } from './gateway-responses';
import { functionIntegration } from './integration';
import { executeApiUrl, GatewayRestApi } from './rest-api';
import { addRoutes } from './routes';
import { McpServingGateway, removalPolicy, retention } from './serving-gateway';
import { McpWebAcl } from './web-acl';

const THROTTLED = 'the throttle of the stage bounds how many requests come; reserve concurrency where the account has it to give';

/**
 * Zero trust in front of MCP servers: a REST API with AWS WAF, an authorizer that asks who is calling and whether they may talk
 * to this server at all, and a streaming proxy that decides every single request (CV-1, GW-1, GW-3, NET-3, NET-4).
 *
 * @example
 * const gateway = new McpGateway(this, 'Gateway', {
 *   policyStore: new PolicyStore(this, 'Policies'),
 *   tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' }],
 * });
 * const files = gateway.addServer('files', { url: 'https://files.internal.example.com/mcp' });
 * files.grants.callTool(McpPrincipal.group('analysts'), 'read_file');
 */
export class McpGateway extends McpServingGateway implements ec2.IConnectable {
  /** A gateway of another app, for its URL and its metrics. */
  static fromMcpGatewayAttributes(scope: Construct, id: string, attrs: McpGatewayAttributes): IMcpGateway {
    class Import extends McpGatewayBase {
      readonly gatewayUrl = attrs.gatewayUrl;
      readonly metricNamespace = attrs.metricNamespace;
    }
    return new Import(scope, id);
  }

  readonly gatewayUrl: string;

  /** The API: the gateway's own, or the one that was given. */
  readonly restApi: apigateway.IRestApi;

  /** The custom domain, for an alias record; only with `domainName`. */
  readonly domain?: apigateway.DomainName;

  /** Network connections of the proxy function; it has some only in a VPC. */
  readonly connections: ec2.Connections;

  /** The secret that session ids, request state and argument digests are keyed with. */
  readonly keySecret: secretsmanager.ISecret;

  /** The role of the proxy function. */
  readonly grantPrincipal: iam.IPrincipal;

  /** The web ACL in front of its own API. */
  readonly webAcl?: McpWebAcl;

  /** The authorizer and the proxy. */
  private readonly decidingFunctions: readonly [lambda.Function, lambda.Function];

  constructor(scope: Construct, id: string, props: McpGatewayProps) {
    super(scope, id, props);
    const own = props.restApi ? undefined : this.createApi(props, this.encryptionKey);
    this.restApi = own?.api ?? props.restApi!;
    this.domain = own?.domain;
    this.webAcl = own && this.createWebAcl(own, props);
    this.gatewayUrl = own ? props.publicUrl ?? ownUrl(own, props) : givenUrl(props);

    const shared = this._sharedEnvironment(props);
    const code = { encryptionKey: this.encryptionKey, logRetention: retention(props), removalPolicy: removalPolicy(props) };
    const securityGroups = this.proxySecurityGroups(props);
    const authorizer = new GatewayFunction(this, 'Authorizer', {
      ...code,
      description: 'Who is calling, and may they talk to this MCP server at all',
      code: functionCode('authorizer'),
      environment: { ...shared, [Variable.REFUSALS]: own ? 'challenge' : 'plain' },
      timeout: bounded('authorizerTimeout', props.authorizerTimeout ?? Duration.seconds(10), Duration.seconds(29)),
      memorySize: (props.authorizerMemorySize ?? Size.mebibytes(512)).toMebibytes(),
      reservedConcurrentExecutions: props.authorizerReservedConcurrency,
      whyUnreserved: THROTTLED,
      ...(props.authorizerInVpc ? { vpc: props.vpc, vpcSubnets: props.vpcSubnets, securityGroups } : {}),
    });
    this.keySecret = this._createKeySecret(props);
    const proxyTimeout = bounded('proxyTimeout', props.proxyTimeout ?? Duration.minutes(15), Duration.minutes(15));
    const proxyEnvironment = { ...shared, ...this._servingEnvironment(props, this.keySecret) };
    const proxy = new GatewayFunction(this, 'Proxy', {
      ...code,
      description: 'Validates, decides and forwards every MCP request, and streams its answer',
      code: functionCode('proxy'),
      environment: proxyEnvironment,
      timeout: proxyTimeout,
      memorySize: (props.proxyMemorySize ?? Size.mebibytes(1024)).toMebibytes(),
      reservedConcurrentExecutions: props.proxyReservedConcurrency,
      whyUnreserved: THROTTLED,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups,
    });
    this.connections = new ec2.Connections({ securityGroups });
    this.grantPrincipal = proxy.function.grantPrincipal;
    this.decidingFunctions = [authorizer.function, proxy.function];
    this._grantWhatItNeeds(props, this.keySecret);
    props.traceExport?._bind({ 'mcp-gateway-authorizer': authorizer.function, 'mcp-gateway-proxy': proxy.function });
    for (const { logGroup } of [authorizer, proxy]) addAuditMetrics(logGroup, this.metricNamespace);
    addLatencyMetric(proxy.logGroup, this.metricNamespace);
    this.auditLogGroups.push(authorizer.logGroup, proxy.logGroup);
    this.node.addValidation({ validate: () => environmentTooLarge(this, { ...proxyEnvironment, ...this._policyStoresEnvironment() }) });

    this.route(authorizer, proxy, proxyTimeout);
    this._serveGrants(props, { url: this.gatewayUrl, entrance: { restApi: this.restApi }, environment: shared });
  }

  /**
   * Requests that the authorizer, and that the proxy, failed on: nobody is let in, or nothing is answered.
   *
   * @internal
   */
  _functionErrors(): { readonly authorizer: cloudwatch.Metric; readonly proxy: cloudwatch.Metric } {
    const [authorizer, proxy] = this.decidingFunctions;
    const errors = (handler: lambda.Function) => handler.metricErrors({ statistic: cloudwatch.Stats.SUM });
    return { authorizer: errors(authorizer), proxy: errors(proxy) };
  }

  /** @internal */
  protected _decidingRoles(): readonly iam.IRole[] {
    return this.decidingFunctions.map(({ role }) => role!);
  }

  /** @internal */
  protected _tell(name: string, value: string): void {
    for (const decides of this.decidingFunctions) decides.addEnvironment(name, value);
  }

  /** @internal */
  protected _tellServing(name: string, value: string): void {
    this.decidingFunctions[1].addEnvironment(name, value);
  }

  private createApi(props: McpGatewayProps, encryptionKey: kms.IKey): GatewayRestApi {
    if (props.mtls && !props.domainName) throw new Error('mtls is given, and domainName is missing: API Gateway checks client certificates only on a custom domain');
    const own = new GatewayRestApi(this, 'Api', {
      vpcEndpoints: props.vpcEndpoints ?? [],
      domainName: props.domainName,
      certificate: props.certificate,
      securityPolicy: props.securityPolicy,
      mtls: props.mtls,
      throttlingRateLimit: props.throttlingRateLimit ?? 100,
      throttlingBurstLimit: props.throttlingBurstLimit ?? 200,
      cloudWatchRole: props.cloudWatchRole ?? true,
      encryptionKey,
      logRetention: retention(props),
      removalPolicy: removalPolicy(props),
    });
    addGatewayResponses(own.api, props.scopes ?? [], props.allowedOrigins ?? []);
    return own;
  }

  private createWebAcl(own: GatewayRestApi, props: McpGatewayProps): McpWebAcl {
    const webAcl = new McpWebAcl(this, 'WebAcl', {
      addressRateLimit: props.addressRateLimit,
      accessGrants: props.accessGrants !== undefined,
      maxBodySize: props.maxBodySize,
      encryptionKey: this.encryptionKey,
      logRetention: props.logRetention,
      removalPolicy: props.removalPolicy,
    });
    webAcl.associate(own.api.deploymentStage.stageArn);
    return webAcl;
  }

  private route(authorizerFunction: GatewayFunction, proxy: GatewayFunction, timeout: Duration): void {
    const authorizer = new apigateway.RequestAuthorizer(this, 'RequestAuthorizer', {
      handler: authorizerFunction.function,
      // A cached answer for one tool would let every other one through, and API Gateway would refuse requests without a header
      // that is part of the key. The function has its own cache.
      resultsCacheTtl: Duration.seconds(0),
      identitySources: [],
    });
    const integration = functionIntegration(this.restApi, proxy.function, { responseTransferMode: apigateway.ResponseTransferMode.STREAM, timeout });
    addRoutes(this.restApi, { integration, authorizer });
    if (!this.restApi.latestDeployment) {
      Annotations.of(this).addWarningV2('cdk-mcp-zero-trust:deployApi', 'the routes were added to an API of another stack: deploy its stage again, or nobody reaches them');
    }
  }

  private proxySecurityGroups(props: McpGatewayProps): ec2.ISecurityGroup[] | undefined {
    if (!props.vpc || props.securityGroups) return props.securityGroups;
    const group = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'Proxy of an MCP gateway',
      allowAllOutbound: false,
    });
    group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'MCP servers and AWS endpoints over TLS');
    return [group];
  }
}

function ownUrl(own: GatewayRestApi, props: McpGatewayProps): string {
  return props.domainName ? `https://${props.domainName}` : executeApiUrl(own.api);
}

function givenUrl(props: McpGatewayProps): string {
  if (!props.publicUrl) throw new Error('restApi is given, and publicUrl is missing: give the URL at which clients reach that API');
  const url = props.publicUrl;
  if (!Token.isUnresolved(url) && !/^https:\/\/[^/?#]+(\/[^?#]*[^/?#])?$/.test(url)) {
    throw new Error(`publicUrl is ${JSON.stringify(url)}, expected an https URL without a trailing slash, query or fragment`);
  }
  return url;
}

function bounded(name: string, value: Duration, max: Duration): Duration {
  if (value.toSeconds() > max.toSeconds()) throw new Error(`${name} is ${value.toSeconds()} seconds, expected at most ${max.toSeconds()}`);
  return value;
}
