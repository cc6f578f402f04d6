import { App, Duration, Size, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { DecisionMode, McpGateway, PolicyStore } from '../../../lib';
import { takes } from '../observability/filter-pattern';
import { requestLine } from '../observability/written-lines';
import { AUTHORIZER, environmentOf, gatewayStack, ISSUER, PROXY } from './gateway-stack';

describe('the API', () => {
  const template = gatewayStack().template();

  test('NET-3 is regional: an edge endpoint cuts silent streams', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { EndpointConfiguration: { Types: ['REGIONAL'] } });
  });

  test('NET-4 takes TLS 1.3 and nothing older', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      SecurityPolicy: 'SecurityPolicy_TLS13_1_3_2025_09',
      EndpointAccessMode: 'STRICT',
    });
  });

  test('CV-1 caches no answer of the authorizer, and asks it whatever headers a request lacks', () => {
    template.hasResourceProperties('AWS::ApiGateway::Authorizer', { Type: 'REQUEST', AuthorizerResultTtlInSeconds: 0, IdentitySource: '' });
  });

  test('CV-1 sends no request to an MCP server past the authorizer', () => {
    const methods = Object.values(template.findResources('AWS::ApiGateway::Method')).map(({ Properties }) => Properties);
    const open = methods.filter(({ AuthorizationType }) => AuthorizationType === 'NONE');
    expect(methods.filter(({ AuthorizationType }) => AuthorizationType === 'CUSTOM').map(({ HttpMethod }) => HttpMethod).sort()).toEqual(['DELETE', 'GET', 'POST']);
    expect(open.map(({ HttpMethod }) => HttpMethod).sort()).toEqual(['GET', 'GET', 'GET', 'OPTIONS', 'OPTIONS', 'OPTIONS']);
    expect(methods).toHaveLength(9);
  });

  test('streams every answer, for as long as the function runs', () => {
    template.allResourcesProperties('AWS::ApiGateway::Method', {
      Integration: { Type: 'AWS_PROXY', ResponseTransferMode: 'STREAM', TimeoutInMillis: 900_000 },
    });
  });

  test('its functions can be invoked by routes of its stage and by its authorizer, not from the test page of the console', () => {
    const sources = Object.values(template.findResources('AWS::Lambda::Permission')).map(({ Properties }) => JSON.stringify(Properties.SourceArn));
    expect(sources).toHaveLength(2);
    expect(sources).toContainEqual(expect.stringMatching(/\{"Ref":"GatewayApiDeploymentStagev1\w+"\},"\/\*\/\*"\]/));
    expect(sources).toContainEqual(expect.stringMatching(/"\/authorizers\/"/));
  });

  test('GW-3 throttles, LOG-1 logs and GW-4 traces every method', () => {
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      TracingEnabled: true,
      AccessLogSetting: { DestinationArn: Match.anyValue(), Format: Match.stringLikeRegexp('"status":"\\$context.status"') },
      MethodSettings: [Match.objectLike({
        HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200, LoggingLevel: 'ERROR', DataTraceEnabled: false,
      })],
    });
  });

  test('LOG-1 keeps tokens out of the access log', () => {
    const [stage] = Object.values(template.findResources('AWS::ApiGateway::Stage'));
    expect(stage!.Properties.AccessLogSetting.Format).not.toMatch(/header|authorization|query|body/i);
  });

  test('LOG-1 encrypts and retains every log group, that of API Gateway itself among them', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: Match.anyValue(), RetentionInDays: 365 });
    template.hasResourceProperties('AWS::Logs::LogGroup', { LogGroupName: { 'Fn::Join': ['', ['API-Gateway-Execution-Logs_', Match.anyValue(), '/v1']] } });
  });
});

describe('refusals', () => {
  const template = gatewayStack({ scopes: ['mcp:use', 'mcp:list'] }).template();
  const answers = (type: string, properties: object) => template.hasResourceProperties('AWS::ApiGateway::GatewayResponse', { ResponseType: type, ...properties });

  test('IAM-1 a request without a good token gets 401 and the challenge that the authorizer made for its server', () => {
    answers('ACCESS_DENIED', {
      StatusCode: '401',
      ResponseParameters: { 'gatewayresponse.header.WWW-Authenticate': 'context.authorizer.challenge' },
    });
  });

  test('IAM-2 a request that lacks a scope gets 403 and the scopes', () => {
    answers('UNAUTHORIZED', {
      StatusCode: '403',
      ResponseParameters: { 'gatewayresponse.header.WWW-Authenticate': `'Bearer error="insufficient_scope", scope="mcp:use mcp:list"'` },
    });
  });

  test('an authorizer that cannot decide lets nothing through and asks to come back', () => {
    answers('AUTHORIZER_FAILURE', { StatusCode: '503' });
    answers('AUTHORIZER_CONFIGURATION_ERROR', { StatusCode: '503' });
  });

  test('browsers of allowed origins may read the challenge, and nobody else may', () => {
    answers('ACCESS_DENIED', { ResponseParameters: { 'gatewayresponse.header.Access-Control-Allow-Origin': Match.absent() } });
    gatewayStack({ allowedOrigins: ['https://app.example.com'] }).template().hasResourceProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseType: 'ACCESS_DENIED',
      ResponseParameters: { 'gatewayresponse.header.Access-Control-Allow-Origin': 'context.authorizer.allowOrigin' },
    });
  });
});

describe('least privilege', () => {
  const { template: synthesize, gateway } = gatewayStack();
  gateway.addServer('files', { url: 'https://files.example.com/mcp' });
  const template = synthesize();
  const statements = (role: RegExp) => Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => role.test(id))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[]);
  const actions = (role: RegExp) => statements(role).flatMap(({ Action }) => Action).sort();

  test('IAM-2 no statement allows a wildcard action', () => {
    expect(JSON.stringify(statements(/./))).not.toMatch(/"Action":"[^"]*\*|\[[^\]]*:\*"[^\]]*\]/);
  });

  test('only traces are allowed on every resource', () => {
    const anywhere = statements(/./).filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);
    expect([...new Set(anywhere)].sort()).toEqual(['xray:PutTelemetryRecords', 'xray:PutTraceSegments']);
  });

  test('the authorizer reads policies, and no secret', () => {
    expect(actions(/Authorizer/)).toEqual(expect.arrayContaining(['verifiedpermissions:ListPolicies', 'verifiedpermissions:GetPolicy']));
    expect(actions(/Authorizer/).filter((action) => /secretsmanager|kms|IsAuthorized/.test(action))).toEqual([]);
  });

  test('each function has a role of its own', () => {
    const roles = Object.values(template.findResources('AWS::Lambda::Function')).map(({ Properties }) => JSON.stringify(Properties.Role));
    expect(new Set(roles).size).toBe(2);
  });

  test('with decisions by the service, functions may ask it and not read the policies', () => {
    const service = JSON.stringify(gatewayStack({ decisionMode: DecisionMode.SERVICE }).template().findResources('AWS::IAM::Policy'));
    expect(service).toContain('verifiedpermissions:IsAuthorized');
    expect(service).not.toContain('verifiedpermissions:ListPolicies');
  });
});

describe('the functions', () => {
  test('run on ARM64 with the newest Node.js, traced, each into its own log group', () => {
    gatewayStack().template().allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogGroup: Match.anyValue() },
    });
  });

  test('are told what they need', () => {
    const { gateway, template: synthesize } = gatewayStack({ scopes: ['mcp'], allowedOrigins: ['https://a.example', 'https://b.example'], policyRefreshInterval: Duration.minutes(1) });
    gateway.addServer('files', { url: 'https://files.example.com/mcp', normalize: false });
    const template = synthesize();
    const shared = {
      MCP_ISSUERS: '[{"issuer":"https://login.example.com","jwks":"https://login.example.com/jwks.json"}]',
      MCP_SCOPES: 'mcp',
      MCP_DECISION_MODE: 'in-process',
      MCP_POLICY_REFRESH_SECONDS: '60',
      MCP_ALLOWED_ORIGINS: 'https://a.example https://b.example',
      MCP_POLICY_STORE_ID: expect.anything(),
      MCP_PUBLIC_URL: expect.anything(),
    };
    expect(environmentOf(template, AUTHORIZER)).toEqual({ ...shared, MCP_REFUSALS: 'challenge' });
    expect(environmentOf(template, PROXY)).toEqual({
      ...shared,
      MCP_SERVERS: '[{"name":"files","url":"https://files.example.com/mcp","normalize":false}]',
      MCP_KEY_SECRET_ARN: expect.anything(),
      MCP_MAX_BODY_BYTES: '65536',
    });
  });

  test('take timeouts, memory and reserved concurrency', () => {
    const template = gatewayStack({
      proxyTimeout: Duration.minutes(2), proxyMemorySize: Size.gibibytes(2), proxyReservedConcurrency: 40,
      authorizerTimeout: Duration.seconds(3), authorizerMemorySize: Size.mebibytes(256), authorizerReservedConcurrency: 20,
    }).template();
    template.hasResourceProperties('AWS::Lambda::Function', { Timeout: 120, MemorySize: 2048, ReservedConcurrentExecutions: 40 });
    template.hasResourceProperties('AWS::Lambda::Function', { Timeout: 3, MemorySize: 256, ReservedConcurrentExecutions: 20 });
    template.allResourcesProperties('AWS::ApiGateway::Method', { Integration: { TimeoutInMillis: 120_000 } });
  });

  test.each([
    ['proxyTimeout is 960 seconds, expected at most 900', { proxyTimeout: Duration.minutes(16) }],
    ['authorizerTimeout is 30 seconds, expected at most 29', { authorizerTimeout: Duration.seconds(30) }],
  ])('refuse a timeout that API Gateway does not wait for: %s', (message, options) => {
    expect(() => gatewayStack(options)).toThrow(message);
  });

  test('fail the synthesis when the servers do not fit their environment', () => {
    const { gateway, app } = gatewayStack();
    for (let index = 0; index < 60; index++) gateway.addServer(`server-${index}`, { url: `https://server-${index}.internal.example.com/mcp` });
    expect(() => app.synth()).toThrow(/environment of the proxy function has about \d+ bytes, and AWS Lambda allows 4096/);
  });

  test('the proxy joins a VPC with connections over HTTPS only', () => {
    const template = gatewayStack((stack) => ({ vpc: new ec2.Vpc(stack, 'Vpc') })).template();
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Proxy of an MCP gateway',
      SecurityGroupEgress: [Match.objectLike({ FromPort: 443, ToPort: 443, IpProtocol: 'tcp' })],
    });
    expect(Object.values(template.findResources('AWS::Lambda::Function')).filter(({ Properties }) => Properties.VpcConfig && /Validates/.test(Properties.Description))).toHaveLength(1);
    expect(Object.values(template.findResources('AWS::Lambda::Function')).filter(({ Properties }) => Properties.VpcConfig && /Who is/.test(Properties.Description))).toHaveLength(0);
  });
});

describe('a custom domain', () => {
  const certificate = (stack: Stack) => acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/a');

  test('NET-4 replaces the API\'s own name, with TLS 1.3', () => {
    const { gateway, template } = gatewayStack((stack) => ({ domainName: 'mcp.example.com', certificate: certificate(stack) }));
    expect(gateway.gatewayUrl).toBe('https://mcp.example.com');
    template().hasResourceProperties('AWS::ApiGateway::DomainName', { SecurityPolicy: 'SecurityPolicy_TLS13_1_3_2025_09', EndpointAccessMode: 'STRICT' });
    template().hasResourceProperties('AWS::ApiGateway::RestApi', { DisableExecuteApiEndpoint: true });
    template().resourceCountIs('AWS::ApiGateway::BasePathMapping', 1);
  });

  test('IAM-1 checks client certificates, with TLS 1.2, which is what API Gateway has with them', () => {
    const template = gatewayStack((stack) => ({
      domainName: 'mcp.example.com',
      certificate: certificate(stack),
      mtls: { bucket: s3.Bucket.fromBucketName(stack, 'Trust', 'trust-store'), key: 'ca.pem', version: '1' },
    })).template();
    template.hasResourceProperties('AWS::ApiGateway::DomainName', {
      SecurityPolicy: 'TLS_1_2',
      MutualTlsAuthentication: { TruststoreUri: 's3://trust-store/ca.pem', TruststoreVersion: '1' },
    });
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { SecurityPolicy: 'TLS_1_2', EndpointAccessMode: Match.absent() });
  });

  test.each<[string, (stack: Stack) => Parameters<typeof gatewayStack>[0], string]>([
    ['TLS 1.0', () => ({ securityPolicy: apigateway.SecurityPolicy.TLS_1_0 }), 'securityPolicy is "TLS_1_0", expected TLS 1.2 or newer'],
    ['a domain without a certificate', () => ({ domainName: 'mcp.example.com' }), 'certificate is missing'],
    ['mutual TLS without a domain', (stack) => ({ mtls: { bucket: s3.Bucket.fromBucketName(stack, 'Trust', 'trust-store'), key: 'ca.pem' } }), 'domainName is missing'],
  ])('NET-4 refuses %s', (_, options, message) => {
    expect(() => gatewayStack(options as (stack: Stack) => object)).toThrow(message);
  });
});

test('NET-1 a private API is reached through its VPC endpoints and not otherwise', () => {
  const template = gatewayStack((stack) => ({
    vpcEndpoints: [ec2.InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(stack, 'Endpoint', { vpcEndpointId: 'vpce-1', port: 443 })],
  })).template();
  template.hasResourceProperties('AWS::ApiGateway::RestApi', {
    EndpointConfiguration: { Types: ['PRIVATE'], VpcEndpointIds: ['vpce-1'] },
    Policy: { Statement: Match.arrayWith([Match.objectLike({ Effect: 'Deny', Condition: { StringNotEquals: { 'aws:SourceVpce': ['vpce-1'] } } })]) },
  });
});

test('LOG-1 a key that is given encrypts everything, and CloudWatch Logs may use it', () => {
  const template = gatewayStack((stack) => ({ encryptionKey: new kms.Key(stack, 'Mine') })).template();
  template.resourceCountIs('AWS::KMS::Key', 1);
  template.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: { Statement: Match.arrayWith([Match.objectLike({ Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': Match.anyValue() } } })]) },
  });
  template.allResourcesProperties('AWS::SecretsManager::Secret', { KmsKeyId: Match.anyValue() });
});

describe('an API that is there already', () => {
  const PUBLIC = { publicUrl: 'https://api.example.com/tools' };

  test('gets routes and an authorizer, and keeps everything else as it is', () => {
    const { template: synthesize, gateway } = gatewayStack((stack) => {
      const restApi = new apigateway.RestApi(stack, 'Mine', { cloudWatchRole: false });
      restApi.root.addMethod('GET');
      return { restApi, ...PUBLIC };
    });
    const template = synthesize();
    expect(gateway.gatewayUrl).toBe('https://api.example.com/tools');
    template.resourceCountIs('AWS::ApiGateway::RestApi', 1);
    template.resourceCountIs('AWS::ApiGateway::GatewayResponse', 0);
    template.resourceCountIs('AWS::WAFv2::WebACL', 0);
    template.resourceCountIs('AWS::ApiGateway::Method', 10);
    expect(environmentOf(template, AUTHORIZER).MCP_REFUSALS).toBe('plain');
  });

  test('is imported, and then has to be deployed again', () => {
    const { stack, template } = gatewayStack((scope) => ({
      restApi: apigateway.RestApi.fromRestApiAttributes(scope, 'Theirs', { restApiId: 'api', rootResourceId: 'root' }),
      ...PUBLIC,
    }));
    template().resourceCountIs('AWS::ApiGateway::Method', 9);
    Annotations.fromStack(stack).hasWarning('/Stack/Gateway', Match.stringLikeRegexp('deploy its stage again'));
  });

  test.each([
    [undefined, 'publicUrl is missing'],
    ['http://api.example.com', 'publicUrl is "http://api.example.com", expected an https URL'],
    ['https://api.example.com/', 'expected an https URL without a trailing slash'],
  ])('needs the URL that clients use: %s', (publicUrl, message) => {
    expect(() => gatewayStack((stack) => ({ restApi: new apigateway.RestApi(stack, 'Mine'), publicUrl }))).toThrow(message);
  });
});

describe('metrics', () => {
  test('count the audit events of both functions', () => {
    const { gateway, template } = gatewayStack();
    expect(gateway.metricDenied()).toMatchObject({ namespace: expect.stringMatching(/^McpZeroTrust\/Stack-Gateway-/), metricName: 'Denied', statistic: 'Sum' });
    expect(gateway.metricLatency({ statistic: 'p99' })).toMatchObject({ metricName: 'Latency', statistic: 'p99' });
    for (const name of ['Requests', 'Denied', 'Errors']) {
      const filters = template().findResources('AWS::Logs::MetricFilter', {
        Properties: { MetricTransformations: [{ MetricNamespace: gateway.metricNamespace, MetricName: name }] },
      });
      expect(Object.keys(filters)).toHaveLength(2);
    }
  });

  test('the time that requests take is that of answers: no stream, no request that was refused before it was read, nothing of the authorizer', () => {
    const filters = Object.values(gatewayStack().template().findResources('AWS::Logs::MetricFilter', { Properties: { MetricTransformations: [{ MetricName: 'Latency', MetricValue: '$.durationMs' }] } })).map(({ Properties }) => Properties);
    expect(filters.map(({ LogGroupName }) => LogGroupName.Ref)).toEqual([expect.stringMatching(/^GatewayProxyLogs/)]);
    const counts = (event: Parameters<typeof requestLine>[0]) => takes(filters[0]!.FilterPattern, requestLine(event));
    expect([{ method: 'tools/call' }, { method: 'tools/list' }, { method: 'batch', decision: 'deny' as const }, { method: 'end' }].map(counts)).toEqual([true, true, true, true]);
    expect([{ method: 'subscriptions/listen' }, { method: 'listen' }, { method: undefined, decision: 'deny' as const, httpStatus: 401 }].map(counts)).toEqual([false, false, false]);
  });

  test('are there for a gateway of another app', () => {
    const imported = McpGateway.fromMcpGatewayAttributes(new Stack(new App(), 'Other'), 'Gateway', { gatewayUrl: 'https://mcp.example.com', metricNamespace: 'McpZeroTrust/x' });
    expect(imported.metricRequests()).toMatchObject({ namespace: 'McpZeroTrust/x', metricName: 'Requests' });
    expect(imported.gatewayUrl).toBe('https://mcp.example.com');
  });
});

test('a policy store that is there already serves a gateway', () => {
  const stack = new Stack(new App(), 'Stack');
  const policyStore = PolicyStore.fromPolicyStoreId(stack, 'Store', 'store-1');
  const gateway = new McpGateway(stack, 'Gateway', { policyStore, tokenIssuers: [ISSUER] });
  const files = gateway.addServer('files', { url: 'https://files.example.com/mcp' });
  expect(() => files.grants.callAnyTool(undefined as never)).toThrow('is imported, so nothing can be granted here');
  expect(environmentOf(Template.fromStack(stack), PROXY).MCP_POLICY_STORE_ID).toBe('store-1');
});

test.each([
  [[], 'tokenIssuers is empty'],
  [[{ issuer: 'https://a', jwksUri: 'http://a.example.com/keys' }], 'expected https'],
  [[ISSUER, { issuer: 'https://b', jwksUri: 'https://b.example.com/keys' }], 'needs a subjectPrefix'],
  [[{ issuer: 'https://a' }], 'has neither jwksUri nor jwks, expected one of them'],
  [[{ ...ISSUER, jwks: '{"keys":[{"kty":"EC"}]}' }], 'has both jwksUri and jwks, expected one of them'],
  [[{ issuer: 'https://a', jwks: '{"keys":[]}' }], 'is no JSON Web Key Set'],
  [[{ issuer: 'https://a', jwks: 'https://a.example.com/keys' }], 'is no JSON Web Key Set'],
  [[{ issuer: 'https://a', jwks: '{"keys":[{"kty":"EC","d":"AA"}]}' }], 'has a private or symmetric key'],
])('IAM-1 refuses issuers that are not safe to trust: %j', (tokenIssuers, message) => {
  expect(() => gatewayStack({ tokenIssuers })).toThrow(message);
});

test('IAM-1 keys that are given instead of fetched reach both functions as they are', () => {
  const keys = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: '1' }] };
  const template = gatewayStack({ tokenIssuers: [{ issuer: 'https://login.example.com', jwks: JSON.stringify(keys) }] }).template();
  for (const description of [AUTHORIZER, PROXY]) {
    expect(JSON.parse(environmentOf(template, description).MCP_ISSUERS as string)).toEqual([{ issuer: 'https://login.example.com', jwks: keys }]);
  }
});

test('the authorizer can be where the proxy is', () => {
  const inVpc = (authorizerInVpc: boolean) => {
    const template = gatewayStack((stack) => ({ vpc: new ec2.Vpc(stack, 'Vpc'), authorizerInVpc })).template();
    return Object.values(template.findResources('AWS::Lambda::Function')).filter(({ Properties }) => Properties.VpcConfig).length;
  };
  expect(inVpc(true)).toBe(inVpc(false) + 1);
});
