import { Annotations, Duration, Lazy, Names, RemovalPolicy, Size, Token } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { createZoneLookup } from '../../lambda/authorization/network-zones';
import type { IPolicyStore } from '../authorization';
import { acknowledge } from '../private/acknowledge';
import { functionCode } from '../private/bundle';
import { letLogsUse } from '../private/log-key';
import { ToolRegistry } from '../registry';
import { registryEnvironment } from '../registry/environment';
import { addAuditMetrics } from './audit-metrics';
import { DecisionMode } from './decision-mode';
import { environmentTooLarge, policyStoresVariable, senderConstraintsVariable, serversVariable, sharedEnvironment, Variable } from './environment';
import { GatewayFunction } from './function';
import { McpGatewayBase } from './gateway-base';
import type { IMcpGateway } from './gateway-base';
import type { McpGatewayAttributes, McpGatewayProps } from './gateway-props';
import { addGatewayResponses } from './gateway-responses';
import { createProofTable } from './proof-table';
import { executeApiUrl, GatewayRestApi } from './rest-api';
import { addRoutes } from './routes';
import { SenderConstraint } from './sender-constraint';
import { McpServer } from './server';
import type { AddServerOptions } from './server';
import { assertTokenIssuers, issuerSecrets } from './token-issuer';
import { McpWebAcl } from './web-acl';

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
export class McpGateway extends McpGatewayBase implements ec2.IConnectable, iam.IGrantable {
  /** A gateway of another app, for its URL and its metrics. */
  static fromMcpGatewayAttributes(scope: Construct, id: string, attrs: McpGatewayAttributes): IMcpGateway {
    class Import extends McpGatewayBase {
      readonly gatewayUrl = attrs.gatewayUrl;
      readonly metricNamespace = attrs.metricNamespace;
    }
    return new Import(scope, id);
  }

  readonly gatewayUrl: string;
  readonly metricNamespace: string;

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

  /** The policies that decide on every server without a policy store of its own. */
  readonly policyStore: IPolicyStore;

  /** Whether access tokens are bound to a key of their sender, for servers that do not say otherwise. */
  readonly senderConstraint: SenderConstraint;

  private readonly key: kms.IKey;
  /** The authorizer and the proxy. */
  private readonly decidingFunctions: readonly [lambda.Function, lambda.Function];
  private readonly decisionMode: DecisionMode;
  private readonly registry: McpGatewayProps['registry'];
  private readonly servers: McpServer[] = [];

  constructor(scope: Construct, id: string, props: McpGatewayProps) {
    super(scope, id);
    assertTokenIssuers(props.tokenIssuers);
    this.policyStore = props.policyStore;
    this.decisionMode = props.decisionMode ?? DecisionMode.IN_PROCESS;
    this.registry = props.registry;
    this.metricNamespace = `McpZeroTrust/${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}`;
    const key = props.encryptionKey ?? this.createKey(props);
    letLogsUse(key);
    this.key = key;
    this.senderConstraint = props.senderConstraint ?? SenderConstraint.OFF;
    const own = props.restApi ? undefined : this.createApi(props, key);
    this.restApi = own?.api ?? props.restApi!;
    this.domain = own?.domain;
    this.gatewayUrl = own ? props.publicUrl ?? ownUrl(own, props) : givenUrl(props);

    const shared = this.sharedEnvironment(props);
    const code = { encryptionKey: key, logRetention: retention(props), removalPolicy: removalPolicy(props) };
    const securityGroups = this.proxySecurityGroups(props);
    const authorizer = new GatewayFunction(this, 'Authorizer', {
      ...code,
      description: 'Who is calling, and may they talk to this MCP server at all',
      code: functionCode('authorizer'),
      environment: { ...shared, [Variable.REFUSALS]: own ? 'challenge' : 'plain' },
      timeout: bounded('authorizerTimeout', props.authorizerTimeout ?? Duration.seconds(10), Duration.seconds(29)),
      memorySize: (props.authorizerMemorySize ?? Size.mebibytes(512)).toMebibytes(),
      reservedConcurrentExecutions: props.authorizerReservedConcurrency,
      ...(props.authorizerInVpc ? { vpc: props.vpc, vpcSubnets: props.vpcSubnets, securityGroups } : {}),
    });
    const secret = this.createKeySecret(props, key);
    this.keySecret = secret;
    const proxyTimeout = bounded('proxyTimeout', props.proxyTimeout ?? Duration.minutes(15), Duration.minutes(15));
    const proxyEnvironment = {
      ...shared,
      [Variable.SERVERS]: serversVariable(this, () => this.servers),
      [Variable.KEY_SECRET_ARN]: secret.secretArn,
      [Variable.MAX_BODY_BYTES]: `${(props.maxBodySize ?? Size.kibibytes(64)).toBytes()}`,
      ...(props.registry ? registryEnvironment(props.registry) : {}),
    };
    const proxy = new GatewayFunction(this, 'Proxy', {
      ...code,
      description: 'Validates, decides and forwards every MCP request, and streams its answer',
      code: functionCode('proxy'),
      environment: proxyEnvironment,
      timeout: proxyTimeout,
      memorySize: (props.proxyMemorySize ?? Size.mebibytes(1024)).toMebibytes(),
      reservedConcurrentExecutions: props.proxyReservedConcurrency,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups,
    });
    this.connections = new ec2.Connections({ securityGroups });
    this.grantPrincipal = proxy.function.grantPrincipal;
    secret.grantRead(proxy.function);
    props.registry?.grants.observe(proxy.function);
    this.decidingFunctions = [authorizer.function, proxy.function];
    for (const issuerSecret of issuerSecrets(props.tokenIssuers)) this.decidingFunctions.forEach((decides) => issuerSecret.grantRead(decides));
    this.letDecideBy(this.policyStore);
    for (const { logGroup } of [authorizer, proxy]) addAuditMetrics(logGroup, this.metricNamespace);
    this.node.addValidation({ validate: () => environmentTooLarge(this, { ...proxyEnvironment, ...this.policyStoresEnvironment() }) });

    this.route(authorizer, proxy, proxyTimeout);
    props.accessGrants?._serve({
      publicUrl: this.gatewayUrl,
      restApi: this.restApi,
      policyStore: this.policyStore,
      letDecide: (role) => this.letDecide(role, this.policyStore),
      environment: shared,
      keySecret: secret,
      servers: () => this.servers.map(({ serverName }) => serverName),
      proxy: proxy.function,
    });
  }

  /**
   * Puts an MCP server behind the gateway, at `<gatewayUrl>/mcp/<name>`. Nobody may use it until `grants` or a policy says so.
   *
   * @param name lower-case letters, digits, `_` and `-`; starts with a letter or digit
   * @param options where the server is and how its calls are checked
   */
  addServer(name: string, options: AddServerOptions): McpServer {
    const server = new McpServer(this, name, { ...options, gateway: this });
    this.servers.push(server);
    if (server.policyStore !== this.policyStore) this.decideOnItsOwn(server);
    if (server.senderConstraint !== SenderConstraint.OFF) this.takeBoundTokens();
    if (this.registry instanceof ToolRegistry) this.registry.addServer(name, options);
    return server;
  }

  /** Once, with the first server that takes them. */
  private takeBoundTokens(): void {
    const taking = () => this.servers.filter(({ senderConstraint }) => senderConstraint !== SenderConstraint.OFF);
    if (taking().length > 1) return;
    const constraints = Lazy.uncachedString({ produce: () => senderConstraintsVariable(this, taking()) });
    for (const decides of this.decidingFunctions) decides.addEnvironment(Variable.SENDER_CONSTRAINTS, constraints);
    const proofs = createProofTable(this, this.key);
    proofs.grant(this, 'dynamodb:GetItem', 'dynamodb:PutItem');
    this.decidingFunctions[1].addEnvironment(Variable.PROOF_TABLE, proofs.tableName);
  }

  private letDecideBy(policyStore: IPolicyStore): void {
    for (const { role } of this.decidingFunctions) this.letDecide(role!, policyStore);
  }

  private letDecide(role: iam.IRole, policyStore: IPolicyStore): void {
    if (this.decisionMode === DecisionMode.SERVICE) policyStore.grants.authorize(role);
    else policyStore.grants.read(role);
  }

  private decideOnItsOwn({ policyStore }: McpServer): void {
    const own = this.serversWithOwnStore();
    if (own.filter((server) => server.policyStore === policyStore).length === 1) this.letDecideBy(policyStore);
    if (own.length > 1) return;
    const value = Lazy.uncachedString({ produce: () => policyStoresVariable(this, this.serversWithOwnStore()) });
    for (const decides of this.decidingFunctions) decides.addEnvironment(Variable.POLICY_STORES, value);
  }

  private serversWithOwnStore(): readonly McpServer[] {
    return this.servers.filter(({ policyStore }) => policyStore !== this.policyStore);
  }

  private policyStoresEnvironment(): Record<string, string> {
    const servers = this.serversWithOwnStore();
    return servers.length === 0 ? {} : { [Variable.POLICY_STORES]: policyStoresVariable(this, servers) };
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
    new McpWebAcl(this, 'WebAcl', {
      addressRateLimit: props.addressRateLimit,
      accessGrants: props.accessGrants !== undefined,
      maxBodySize: props.maxBodySize,
      encryptionKey,
      logRetention: props.logRetention,
      removalPolicy: props.removalPolicy,
    }).associate(own.api.deploymentStage.stageArn);
    return own;
  }

  private sharedEnvironment(props: McpGatewayProps): Record<string, string> {
    return sharedEnvironment(this, {
      publicUrl: this.gatewayUrl,
      tokenIssuers: props.tokenIssuers,
      scopes: props.scopes ?? [],
      policyStoreId: this.policyStore.policyStoreId,
      decisionMode: this.decisionMode,
      policyRefreshSeconds: (props.policyRefreshInterval ?? Duration.seconds(30)).toSeconds(),
      networkZones: checkedZones(props.networkZones),
      allowedOrigins: props.allowedOrigins ?? [],
    });
  }

  private route(authorizerFunction: GatewayFunction, proxy: GatewayFunction, timeout: Duration): void {
    const authorizer = new apigateway.RequestAuthorizer(this, 'RequestAuthorizer', {
      handler: authorizerFunction.function,
      // A cached answer for one tool would let every other one through, and API Gateway would refuse requests without a header
      // that is part of the key. The function has its own cache.
      resultsCacheTtl: Duration.seconds(0),
      identitySources: [],
    });
    const integration = new apigateway.LambdaIntegration(proxy.function, {
      responseTransferMode: apigateway.ResponseTransferMode.STREAM,
      timeout,
      allowTestInvoke: false,
    });
    addRoutes(this.restApi, { integration, authorizer });
    if (!this.restApi.latestDeployment) {
      Annotations.of(this).addWarningV2('cdk-mcp-zero-trust:deployApi', 'the routes were added to an API of another stack: deploy its stage again, or nobody reaches them');
    }
  }

  private createKey(props: McpGatewayProps): kms.Key {
    return new kms.Key(this, 'Key', {
      description: 'Logs and secret of an MCP gateway',
      enableKeyRotation: true,
      removalPolicy: removalPolicy(props),
    });
  }

  private createKeySecret(props: McpGatewayProps, encryptionKey: kms.IKey): secretsmanager.Secret {
    const secret = new secretsmanager.Secret(this, 'KeySecret', {
      description: 'Session ids, request state and argument digests of an MCP gateway are keyed with it',
      encryptionKey,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: removalPolicy(props),
    });
    const noRotation = 'a new value ends every session and cuts the link between argument digests, so when to change it is the operator\'s decision; nothing but the proxy reads it';
    acknowledge(secret, { 'AwsSolutions-SMG4': noRotation, 'NIST.800.53.R5-SecretsManagerRotationEnabled': noRotation });
    return secret;
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

/** @throws naming the range that is none */
function checkedZones(zones: McpGatewayProps['networkZones']): McpGatewayProps['networkZones'] {
  if (zones !== undefined) createZoneLookup(zones);
  return zones;
}

function bounded(name: string, value: Duration, max: Duration): Duration {
  if (value.toSeconds() > max.toSeconds()) throw new Error(`${name} is ${value.toSeconds()} seconds, expected at most ${max.toSeconds()}`);
  return value;
}

function retention(props: McpGatewayProps): logs.RetentionDays {
  return props.logRetention ?? logs.RetentionDays.ONE_YEAR;
}

function removalPolicy(props: McpGatewayProps): RemovalPolicy {
  return props.removalPolicy ?? RemovalPolicy.RETAIN;
}
