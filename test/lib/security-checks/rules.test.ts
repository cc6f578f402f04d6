import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Verdict } from '../../../lib/security-checks/rule';
import { SECURITY_RULES } from '../../../lib/security-checks/rules';
import { Template } from '../../../lib/security-checks/template';

type Resources = Record<string, { readonly Type: string; readonly Properties?: object }>;

/** An API with an MCP endpoint, to put a case beside. */
const API: Resources = {
  Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { EndpointConfiguration: { Types: ['REGIONAL'] }, SecurityPolicy: 'TLS_1_2' } },
  Mcp: { Type: 'AWS::ApiGateway::Resource', Properties: { RestApiId: { Ref: 'Api' }, ParentId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] }, PathPart: 'mcp' } },
  Server: { Type: 'AWS::ApiGateway::Resource', Properties: { RestApiId: { Ref: 'Api' }, ParentId: { Ref: 'Mcp' }, PathPart: '{server}' } },
  Post: { Type: 'AWS::ApiGateway::Method', Properties: { RestApiId: { Ref: 'Api' }, ResourceId: { Ref: 'Server' }, HttpMethod: 'POST', AuthorizationType: 'CUSTOM' } },
};

/** The same API without an MCP endpoint. */
const OTHER_API: Resources = { ...API, Mcp: { ...API.Mcp!, Properties: { ...API.Mcp!.Properties, PathPart: 'orders' } } };

const RESOURCE_ID = { RestApiId: { Ref: 'Api' }, ResourceId: { Ref: 'Server' } };
const stage = (properties: object) => ({ Type: 'AWS::ApiGateway::Stage', Properties: { RestApiId: { Ref: 'Api' }, ...properties } });
const authorizer = (properties: object) => ({ Type: 'AWS::ApiGateway::Authorizer', Properties: { RestApiId: { Ref: 'Api' }, ...properties } });
const method = (properties: object) => ({ Type: 'AWS::ApiGateway::Method', Properties: { ...RESOURCE_ID, HttpMethod: 'GET', ...properties } });
const streaming = (integration: object) => method({ Integration: { ResponseTransferMode: 'STREAM', Uri: { 'Fn::Join': ['', ['arn:', { 'Fn::GetAtt': ['Proxy', 'Arn'] }]] }, ...integration } });
const aFunction = (properties: object) => ({ Type: 'AWS::Lambda::Function', Properties: properties });
const environment = (Variables: object) => aFunction({ Environment: { Variables } });
const iamPolicy = (statement: object) => ({ Type: 'AWS::IAM::Policy', Properties: { PolicyDocument: { Statement: [statement] } } });
const permission = (SourceArn: unknown, Principal = 'apigateway.amazonaws.com') => ({ Type: 'AWS::Lambda::Permission', Properties: { Principal, SourceArn } });
const cedarPolicy = (Statement: unknown) => ({ Type: 'AWS::VerifiedPermissions::Policy', Properties: { Definition: { Static: { Statement } } } });
const store = (properties: object) => ({ Type: 'AWS::VerifiedPermissions::PolicyStore', Properties: properties });
const webAclFor = (stageId: string) => ({ Type: 'AWS::WAFv2::WebACLAssociation', Properties: { ResourceArn: { 'Fn::Join': ['', ['arn:', { Ref: 'Api' }, '/stages/', { Ref: stageId }]] } } });
const of = (Type: string) => (Properties: object) => ({ Type, Properties });
const logGroup = of('AWS::Logs::LogGroup');
const container = (...ContainerDefinitions: object[]) => of('AWS::ECS::TaskDefinition')({ ContainerDefinitions });
const service = of('AWS::ECS::Service');
const endpoint = (...Statement: object[]) => of('AWS::EC2::VPCEndpoint')({ VpcEndpointType: 'Interface', PolicyDocument: { Statement } });
const firewall = (FirewallPolicy: object) => of('AWS::NetworkFirewall::FirewallPolicy')({ FirewallPolicy });
const STRICT = { StatelessDefaultActions: ['aws:forward_to_sfe'], StatelessFragmentDefaultActions: ['aws:drop'], StatefulEngineOptions: { RuleOrder: 'STRICT_ORDER' } };
const route = of('AWS::ApiGatewayV2::Route');

const UNPRIVILEGED = { User: '65532:65532', LinuxParameters: { Capabilities: { Drop: ['ALL'] } } };

/** What each rule says of the resource `X`. */
const CASES: Record<string, { readonly [verdict in Verdict]?: readonly Resources[] }> = {
  MethodAuthorized: {
    compliant: [{ ...API, X: method({ AuthorizationType: 'AWS_IAM' }) }],
    'non-compliant': [{ ...API, X: method({ AuthorizationType: 'NONE' }) }, { ...API, X: method({}) }],
    'not-applicable': [{ ...API, X: method({ HttpMethod: 'OPTIONS' }) }, { ...OTHER_API, X: method({}) }],
  },
  RouteAuthorized: {
    compliant: [{ X: route({ RouteKey: 'POST /mcp', AuthorizationType: 'JWT' }) }],
    'non-compliant': [{ X: route({ RouteKey: 'POST /mcp' }) }, { X: route({ RouteKey: 'ANY /v1/mcp/{proxy+}', AuthorizationType: 'NONE' }) }],
    'not-applicable': [{ X: route({ RouteKey: '$default' }) }, { X: route({ RouteKey: 'OPTIONS /mcp' }) }, { X: route({ RouteKey: 'GET /.well-known/oauth-protected-resource/mcp' }) }],
  },
  FunctionUrlAuthorized: {
    compliant: [{ X: of('AWS::Lambda::Url')({ AuthType: 'AWS_IAM' }) }],
    'non-compliant': [{ X: of('AWS::Lambda::Url')({ AuthType: 'NONE' }) }],
  },
  AgentCoreGatewayAuthorized: {
    compliant: [{ X: of('AWS::BedrockAgentCore::Gateway')({ AuthorizerType: 'CUSTOM_JWT' }) }],
    'non-compliant': [{ X: of('AWS::BedrockAgentCore::Gateway')({ AuthorizerType: 'NONE' }) }],
  },
  AuthorizerNotCached: {
    compliant: [{ ...API, X: authorizer({ Type: 'REQUEST', AuthorizerResultTtlInSeconds: 0 }) }],
    'non-compliant': [{ ...API, X: authorizer({ Type: 'REQUEST', AuthorizerResultTtlInSeconds: 60 }) }, { ...API, X: authorizer({ Type: 'TOKEN' }) }],
    'not-applicable': [{ ...API, X: authorizer({ Type: 'COGNITO_USER_POOLS' }) }, { ...OTHER_API, X: authorizer({ Type: 'REQUEST' }) }],
  },
  NoTestInvoke: {
    compliant: [{ X: permission({ 'Fn::Join': ['', ['arn:', { Ref: 'Api' }, '/v1/POST/mcp']] }) }],
    'non-compliant': [{ X: permission({ 'Fn::Join': ['', ['arn:', { Ref: 'Api' }, '/test-invoke-stage/POST/mcp']] }) }],
    'not-applicable': [{ X: permission('arn:aws:events:eu-west-1:1:rule/test-invoke-stage/', 'events.amazonaws.com') }],
  },
  EndpointNotEdge: {
    compliant: [{ ...renameApi(API), X: API.Api! }],
    'non-compliant': [{ ...renameApi(API), X: { Type: 'AWS::ApiGateway::RestApi' } }, { ...renameApi(API), X: of('AWS::ApiGateway::RestApi')({ EndpointConfiguration: { Types: ['EDGE'] } }) }],
    'not-applicable': [{ ...renameApi(OTHER_API), X: { Type: 'AWS::ApiGateway::RestApi' } }],
  },
  StreamHasTime: {
    compliant: [{ ...API, Proxy: aFunction({ Timeout: 900 }), X: streaming({ TimeoutInMillis: 900_000 }) }],
    'non-compliant': [
      { ...API, Proxy: aFunction({ Timeout: 900 }), X: streaming({}) },
      { ...API, Proxy: aFunction({}), X: streaming({ TimeoutInMillis: 900_000 }) },
      { ...API, Proxy: aFunction({ Timeout: 29 }), X: streaming({ TimeoutInMillis: 900_000 }) },
    ],
    'not-applicable': [{ ...API, X: method({ Integration: { Type: 'AWS_PROXY' } }) }],
  },
  TlsFloor: {
    compliant: [{ X: of('AWS::ApiGateway::DomainName')({ SecurityPolicy: 'TLS_1_2' }) }, { ...renameApi(API), X: API.Api! }],
    'non-compliant': [{ X: of('AWS::ApiGateway::DomainName')({}) }, { X: of('AWS::ApiGateway::DomainName')({ SecurityPolicy: 'TLS_1_0' }) }, { ...renameApi(API), X: of('AWS::ApiGateway::RestApi')({}) }],
    'not-applicable': [{ ...renameApi(OTHER_API), X: of('AWS::ApiGateway::RestApi')({}) }],
  },
  StageHasWebAcl: {
    compliant: [{ ...API, X: stage({}), Acl: webAclFor('X') }],
    'non-compliant': [{ ...API, X: stage({}) }, { ...API, X: stage({}), Acl: webAclFor('Other') }],
    'not-applicable': [{ ...OTHER_API, X: stage({}) }],
  },
  StageThrottled: {
    compliant: [{ ...API, X: stage({ MethodSettings: [{ HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 10, ThrottlingBurstLimit: 10 }] }) }],
    'non-compliant': [{ ...API, X: stage({}) }, { ...API, X: stage({ MethodSettings: [{ HttpMethod: 'GET', ResourcePath: '/mcp', ThrottlingRateLimit: 10, ThrottlingBurstLimit: 10 }] }) }],
    'not-applicable': [{ ...OTHER_API, X: stage({}) }],
  },
  StageLogged: {
    compliant: [{ ...API, X: stage({ AccessLogSetting: { DestinationArn: 'arn' } }) }],
    'non-compliant': [{ ...API, X: stage({}) }],
    'not-applicable': [{ ...OTHER_API, X: stage({}) }],
  },
  StageTraced: {
    compliant: [{ ...API, X: stage({ TracingEnabled: true }) }],
    'non-compliant': [{ ...API, X: stage({}) }],
    'not-applicable': [{ ...OTHER_API, X: stage({}) }],
  },
  LogGroupEncrypted: { compliant: [{ X: logGroup({ KmsKeyId: { Ref: 'Key' } }) }], 'non-compliant': [{ X: logGroup({}) }] },
  LogGroupRetained: { compliant: [{ X: logGroup({ RetentionInDays: 30 }) }], 'non-compliant': [{ X: logGroup({}) }] },
  NoWildcardAction: {
    compliant: [{ X: iamPolicy({ Effect: 'Allow', Action: ['s3:GetObject', 's3:List*'] }) }, { X: iamPolicy({ Effect: 'Deny', Action: '*' }) }],
    'non-compliant': [
      { X: iamPolicy({ Effect: 'Allow', Action: '*' }) },
      { X: iamPolicy({ Effect: 'Allow', Action: ['s3:GetObject', 'verifiedpermissions:*'] }) },
      { X: iamPolicy({ Effect: 'Allow', NotAction: 'iam:*' }) },
      { X: of('AWS::IAM::Role')({ Policies: [{ PolicyDocument: { Statement: { Effect: 'Allow', Action: 's3:*' } } }] }) },
    ],
  },
  NoSecretInEnvironment: {
    compliant: [
      { X: environment({ MODE: 'service', MCP_KEY_SECRET_ARN: 'arn:aws:secretsmanager:x', TOKEN: { Ref: 'Parameter' } }) },
      { X: environment({ API_KEY: 'arn:aws:secretsmanager:x', PASSWORD: '{{resolve:secretsmanager:x}}', DB_PASSWORD: '' }) },
    ],
    'non-compliant': [
      { X: environment({ GITHUB_TOKEN: 'abc' }) }, { X: environment({ db_password: 'abc' }) }, { X: environment({ ANYTHING: `ghp_${'a'.repeat(36)}` }) },
      { X: environment({ ANYTHING: '-----BEGIN PRIVATE KEY-----' }) }, { X: environment({ ANYTHING: `AKIA${'A'.repeat(16)}` }) },
    ],
    'not-applicable': [{ X: aFunction({}) }],
  },
  PolicyStoreStrict: {
    compliant: [{ X: store({ ValidationSettings: { Mode: 'STRICT' }, Schema: { CedarJson: '{}' } }) }],
    'non-compliant': [{ X: store({ ValidationSettings: { Mode: 'OFF' } }) }, { X: store({ ValidationSettings: { Mode: 'STRICT' } }) }],
  },
  PolicyStoreProtected: {
    compliant: [{ X: store({ DeletionProtection: { Mode: 'ENABLED' } }) }],
    'non-compliant': [{ X: store({}) }, { X: store({ DeletionProtection: { Mode: 'DISABLED' } }) }],
  },
  PolicyHasScope: {
    compliant: [
      { X: cedarPolicy('permit (principal in Mcp::Group::"a", action, resource);') },
      { X: cedarPolicy('permit (principal, action, resource) when { principal.issuer == "a" };') },
      { X: cedarPolicy('forbid (principal, action, resource);') },
    ],
    'non-compliant': [
      { X: cedarPolicy('permit(principal,action,resource);') },
      { X: cedarPolicy('@id("all") // everybody\npermit (\n  principal, // anyone\n  action,\n  resource\n) when { true };') },
    ],
    'not-applicable': [{ X: of('AWS::VerifiedPermissions::Policy')({ Definition: { TemplateLinked: {} } }) }, { X: cedarPolicy({ Ref: 'Statement' }) }],
  },
  EndpointPolicyNamed: {
    compliant: [
      { X: endpoint({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/*' }) },
      { X: endpoint({ Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*', Condition: { StringEquals: { 'aws:PrincipalAccount': '1' } } }) },
      { X: endpoint({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/*' }, { Effect: 'Deny', Action: '*', Resource: '*' }) },
    ],
    'non-compliant': [
      { X: of('AWS::EC2::VPCEndpoint')({ ServiceName: 'com.amazonaws.eu-west-1.s3' }) },
      { X: endpoint({ Effect: 'Allow', Action: '*', Resource: '*' }) },
      { X: endpoint({ Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::bucket/*' }) },
      { X: endpoint({ Effect: 'Allow', Action: 's3:PutObject', Resource: '*' }) },
    ],
    'not-applicable': [{ X: of('AWS::EC2::VPCEndpoint')({ VpcEndpointType: 'GatewayLoadBalancer' }) }],
  },
  DnsFirewallFailsClosed: {
    compliant: [{ X: of('AWS::Route53Resolver::FirewallConfig')({ FirewallFailOpen: 'DISABLED' }) }],
    'non-compliant': [{ X: of('AWS::Route53Resolver::FirewallConfig')({ FirewallFailOpen: 'ENABLED' }) }, { X: of('AWS::Route53Resolver::FirewallConfig')({ FirewallFailOpen: 'USE_LOCAL_RESOURCE_SETTING' }) }],
  },
  FirewallDropsByDefault: {
    compliant: [
      { X: firewall({ ...STRICT, StatefulDefaultActions: ['aws:drop_established'] }) },
      { X: firewall({ ...STRICT, StatefulDefaultActions: ['aws:alert_strict', 'aws:drop_strict'] }) },
      { X: firewall({ StatelessDefaultActions: ['aws:drop'], StatelessFragmentDefaultActions: ['aws:drop'] }) },
    ],
    'non-compliant': [
      { X: firewall(STRICT) },
      { X: firewall({ ...STRICT, StatefulDefaultActions: ['aws:alert_established'] }) },
      { X: firewall({ ...STRICT, StatefulDefaultActions: ['aws:drop_strict'], StatelessDefaultActions: ['aws:pass'] }) },
      { X: firewall({ ...STRICT, StatefulDefaultActions: ['aws:drop_strict'], StatelessFragmentDefaultActions: ['aws:pass'] }) },
      { X: firewall({ ...STRICT, StatefulEngineOptions: { RuleOrder: 'DEFAULT_ACTION_ORDER' } }) },
    ],
  },
  ServiceNotPublic: {
    compliant: [{ X: service({ NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED' } } }) }, { X: service({}) }],
    'non-compliant': [{ X: service({ NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'ENABLED' } } }) }],
  },
  ServiceWithoutShell: { compliant: [{ X: service({}) }, { X: service({ EnableExecuteCommand: false }) }], 'non-compliant': [{ X: service({ EnableExecuteCommand: true }) }] },
  ContainerReadOnly: {
    compliant: [{ X: container({ ReadonlyRootFilesystem: true }) }],
    'non-compliant': [{ X: container({}) }, { X: container({ ReadonlyRootFilesystem: true }, { ReadonlyRootFilesystem: false }) }],
    'not-applicable': [{ X: container() }],
  },
  ContainerUnprivileged: {
    compliant: [{ X: container(UNPRIVILEGED) }, { X: container({ ...UNPRIVILEGED, User: 'app', Privileged: false }) }],
    'non-compliant': [
      { X: container({}) }, { X: container({ ...UNPRIVILEGED, Privileged: true }) }, { X: container({ ...UNPRIVILEGED, User: undefined }) },
      ...['root', '0', '0:0', 'root:app', '', '00'].map((User) => ({ X: container({ ...UNPRIVILEGED, User }) })),
      { X: container({ User: 'app', LinuxParameters: { Capabilities: { Drop: ['NET_RAW'] } } }) },
      { X: container({ User: 'app', LinuxParameters: { Capabilities: { Drop: ['ALL'], Add: ['SYS_PTRACE'] } } }) },
    ],
    'not-applicable': [{ X: container() }],
  },
  ImageByDigest: {
    compliant: [
      { X: container({ Image: `repository@sha256:${'a'.repeat(64)}` }) }, { X: container({ Image: { 'Fn::Join': ['', [{ Ref: 'Repository' }, '@sha256:abc']] } }) }, { X: container({ Image: { Ref: 'Parameter' } }) },
    ],
    'non-compliant': [{ X: container({ Image: 'repository:latest' }) }, { X: container({ Image: 'repository' }) }, { X: container({ Image: { 'Fn::Join': ['', [{ Ref: 'Repository' }, ':1.2.3']] } }) }],
    'not-applicable': [{ X: container() }],
  },
  RepositoryScanned: {
    compliant: [{ X: of('AWS::ECR::Repository')({ ImageScanningConfiguration: { ScanOnPush: true } }) }],
    'non-compliant': [{ X: of('AWS::ECR::Repository')({}) }, { X: of('AWS::ECR::Repository')({ ImageScanningConfiguration: { ScanOnPush: false } }) }],
  },
};

/** The API under the logical id `X`, so that it is what is looked at. */
function renameApi(resources: Resources): Resources {
  const { Api: _, ...rest } = resources;
  return JSON.parse(JSON.stringify(rest).replaceAll('"Api"', '"X"'));
}

const verdicts = SECURITY_RULES.flatMap((rule) => Object.entries(CASES[rule.id] ?? {}).flatMap(([verdict, templates]) =>
  templates.map((resources, index) => ({ rule, verdict, resources, index }))));

test.each(verdicts.map(({ rule, verdict, resources, index }) => [rule.id, verdict, index, rule, resources] as const))('%s: %s, case %i', (_, verdict, __, rule, resources) => {
  const template = new Template({ Resources: resources });
  const resource = template.byId('X')!;
  expect(rule.resourceTypes).toContain(resource.type);
  expect(rule.check(resource, template)).toBe(verdict);
});

test.each(SECURITY_RULES.map((rule) => [rule.id]))('%s has a compliant and a non-compliant case', (id) => {
  expect(CASES[id]?.compliant?.length).toBeGreaterThan(0);
  expect(CASES[id]?.['non-compliant']?.length).toBeGreaterThan(0);
});

test('the table of the documentation lists every rule, in order', () => {
  const readme = readFileSync(join(__dirname, '..', '..', '..', 'lib', 'security-checks', 'README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `(\w+)` \| (.*) \| (.*) \|$/gm)].map(([, id, finding, controls]) => ({ id, finding, controls }));
  expect(rows).toEqual(SECURITY_RULES.map(({ id, finding, controls }) => ({ id, finding, controls: controls.join(', ') })));
});
