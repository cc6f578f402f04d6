import { Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

/** The stage is part of the gateway's URL where it has no domain of its own. */
export const STAGE_NAME = 'v1';

/** What the gateway's own API is made of. */
export interface GatewayRestApiProps {
  readonly vpcEndpoints: readonly ec2.IVpcEndpoint[];
  readonly domainName?: string;
  readonly certificate?: acm.ICertificate;
  readonly securityPolicy?: apigateway.SecurityPolicy;
  readonly mtls?: apigateway.MTLSConfig;
  readonly throttlingRateLimit: number;
  readonly throttlingBurstLimit: number;
  readonly cloudWatchRole: boolean;
  readonly encryptionKey: kms.IKey;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

/** A REST API with a TLS floor, throttling, traces and encrypted logs. It has no routes yet. */
export class GatewayRestApi extends Construct {
  readonly api: apigateway.RestApi;
  readonly domain?: apigateway.DomainName;

  constructor(scope: Construct, id: string, props: GatewayRestApiProps) {
    super(scope, id);
    const accessLog = this.logGroup('AccessLog', props);
    this.api = new apigateway.RestApi(this, 'Resource', {
      restApiName: Names.uniqueResourceName(this, { maxLength: 128, separator: '-' }),
      description: 'Zero-trust gateway in front of MCP servers',
      endpointConfiguration: endpoint(props),
      policy: props.vpcEndpoints.length > 0 ? onlyThrough(props.vpcEndpoints) : undefined,
      disableExecuteApiEndpoint: props.domainName !== undefined,
      cloudWatchRole: props.cloudWatchRole,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
      deployOptions: {
        stageName: STAGE_NAME,
        throttlingRateLimit: props.throttlingRateLimit,
        throttlingBurstLimit: props.throttlingBurstLimit,
        tracingEnabled: true,
        metricsEnabled: true,
        loggingLevel: apigateway.MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
        accessLogDestination: new apigateway.LogGroupLogDestination(accessLog),
        accessLogFormat: ACCESS_LOG_FORMAT,
      },
    });
    this.setTlsFloor(props);
    this.encryptExecutionLog(props);
    if (props.domainName !== undefined) this.domain = this.addDomain(props.domainName, props);
    this.acknowledgeFindings();
  }

  /** The same floor for the API itself: it is the API's policy that a custom domain's handshake follows. */
  private setTlsFloor(props: GatewayRestApiProps): void {
    const resource = this.api.node.defaultChild as apigateway.CfnRestApi;
    resource.securityPolicy = securityPolicy(props);
    if (isEnhanced(securityPolicy(props))) resource.endpointAccessMode = accessMode(props);
  }

  /** API Gateway would make this log group itself, without encryption and for ever. */
  private encryptExecutionLog(props: GatewayRestApiProps): void {
    const log = this.logGroup('ExecutionLog', props, `API-Gateway-Execution-Logs_${this.api.restApiId}/${STAGE_NAME}`);
    this.api.deploymentStage.node.addDependency(log);
  }

  private logGroup(id: string, props: GatewayRestApiProps, logGroupName?: string): logs.LogGroup {
    return new logs.LogGroup(this, id, {
      logGroupName,
      encryptionKey: props.encryptionKey,
      retention: props.logRetention,
      removalPolicy: props.removalPolicy,
    });
  }

  private addDomain(domainName: string, props: GatewayRestApiProps): apigateway.DomainName {
    if (!props.certificate) throw new Error(`domainName is ${JSON.stringify(domainName)}, and certificate is missing: give the certificate of that name`);
    if (props.vpcEndpoints.length > 0) throw new Error('domainName and vpcEndpoints exclude each other: a private API is called by its own name');
    const policy = securityPolicy(props);
    return new apigateway.DomainName(this, 'Domain', {
      domainName,
      certificate: props.certificate,
      endpointType: apigateway.EndpointType.REGIONAL,
      securityPolicy: policy,
      endpointAccessMode: isEnhanced(policy) ? accessMode(props) : undefined,
      mtls: props.mtls,
      mapping: this.api,
    });
  }

  private acknowledgeFindings(): void {
    acknowledge(this, {
      'AwsSolutions-APIG2': 'MCP messages are validated in the proxy function against the protocol revision and the tool\'s own schema, which a model of API Gateway cannot express',
...Object.fromEntries(['<AWS::Partition>', 'aws'].map((partition) => [`AwsSolutions-IAM4[Policy::arn:${partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]`, LOG_ROLE_REASON])),
      'NIST.800.53.R5-APIGWCacheEnabledAndEncrypted': 'answers depend on the principal and must never come from a cache',
      'NIST.800.53.R5-APIGWSSLEnabled': 'the integration is a Lambda function, which is invoked with a signed AWS request and knows no client certificate',
    });
  }
}

const LOG_ROLE_REASON = 'API Gateway accepts only this managed policy for the account\'s role that writes its logs';

/** One JSON object a request. No header, query or body goes into it, so no token can. */
const ACCESS_LOG_FORMAT = apigateway.AccessLogFormat.custom(JSON.stringify({
  time: '$context.requestTimeEpoch',
  requestId: '$context.requestId',
  traceId: '$context.xrayTraceId',
  sourceIp: '$context.identity.sourceIp',
  userAgent: '$context.identity.userAgent',
  httpMethod: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  responseBytes: '$context.responseLength',
  latencyMs: '$context.responseLatency',
  principalId: '$context.authorizer.principalId',
  authorizerStatus: '$context.authorize.status',
  wafStatus: '$context.waf.status',
  tlsVersion: '$context.tlsVersion',
  cipherSuite: '$context.cipherSuite',
  clientCertificateSubject: '$context.identity.clientCert.subjectDN',
}));

/** Never EDGE: an edge endpoint cuts a stream that is silent for 30 seconds. */
function endpoint(props: GatewayRestApiProps): apigateway.EndpointConfiguration {
  return props.vpcEndpoints.length === 0
    ? { types: [apigateway.EndpointType.REGIONAL] }
    : { types: [apigateway.EndpointType.PRIVATE], vpcEndpoints: [...props.vpcEndpoints] };
}

/** TLS 1.3, or the best that API Gateway has where clients authenticate by certificate (NET-4). */
function securityPolicy(props: GatewayRestApiProps): apigateway.SecurityPolicy {
  const policy = props.securityPolicy ?? (props.mtls ? apigateway.SecurityPolicy.TLS_1_2 : apigateway.SecurityPolicy.TLS13_1_3_2025_09);
  if (policy === apigateway.SecurityPolicy.TLS_1_0) throw new Error('securityPolicy is "TLS_1_0", expected TLS 1.2 or newer');
  if (props.mtls && isEnhanced(policy)) {
    throw new Error(`securityPolicy is ${JSON.stringify(policy)}, and API Gateway knows mutual TLS only with "TLS_1_2"`);
  }
  return policy;
}

function isEnhanced(policy: apigateway.SecurityPolicy): boolean {
  return policy.startsWith('SecurityPolicy_');
}

/** STRICT refuses the names by which a private API is called without private DNS. */
function accessMode(props: GatewayRestApiProps): apigateway.EndpointAccessMode {
  return props.vpcEndpoints.length === 0 ? apigateway.EndpointAccessMode.STRICT : apigateway.EndpointAccessMode.BASIC;
}

function onlyThrough(vpcEndpoints: readonly ec2.IVpcEndpoint[]): iam.PolicyDocument {
  const ids = vpcEndpoints.map((endpoint) => endpoint.vpcEndpointId);
  const invoke = { principals: [new iam.AnyPrincipal()], actions: ['execute-api:Invoke'], resources: ['execute-api:/*'] };
  return new iam.PolicyDocument({
    statements: [
      new iam.PolicyStatement({ ...invoke, effect: iam.Effect.ALLOW }),
      new iam.PolicyStatement({ ...invoke, effect: iam.Effect.DENY, conditions: { StringNotEquals: { 'aws:SourceVpce': ids } } }),
    ],
  });
}

/** Where the API is reached, without a reference to its stage: the functions know the URL, and the stage depends on them. */
export function executeApiUrl(api: apigateway.RestApi): string {
  const { region, urlSuffix } = Stack.of(api);
  return `https://${api.restApiId}.execute-api.${region}.${urlSuffix}/${STAGE_NAME}`;
}
