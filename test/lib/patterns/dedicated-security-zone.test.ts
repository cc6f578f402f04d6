import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { AccessGrants, DedicatedSecurityZone, McpPrincipal, ToolRegistry } from '../../../lib';
import { logicalId, propertiesOf, securityGroupRules, walls } from '../zone/zone-stack';
import { DIGEST, KEYS, zoned } from './zoned-stack';

describe('a zone with two servers', () => {
  const { stack, addServer, template: synthesize } = zoned({ clientCidrs: ['10.20.0.0/16'] });
  addServer('files').grants.callTool(McpPrincipal.group('analysts'), 'read_file');
  addServer('memory');
  const template = synthesize();
  const tasks = propertiesOf(template, 'AWS::ECS::TaskDefinition');
  const services = propertiesOf(template, 'AWS::ECS::Service');

  test('CON-1 CON-2 PUB-3 containers cannot write, are not root, and have no capabilities', () => {
    for (const { ContainerDefinitions: [container] } of tasks) {
      expect(container).toMatchObject({ ReadonlyRootFilesystem: true, Privileged: false, User: '65532:65532', LinuxParameters: { Capabilities: { Drop: ['ALL'] } } });
      expect(container.LinuxParameters.Capabilities.Add ?? []).toEqual([]);
    }
    expect(tasks).toHaveLength(2);
  });

  test('CON-3 MUL-4 each server has its own share of processor, memory and files', () => {
    for (const task of tasks) expect(task).toMatchObject({ Cpu: '256', Memory: '512', ContainerDefinitions: [{ Ulimits: [{ Name: 'nofile', SoftLimit: 4096, HardLimit: 4096 }] }] });
  });

  test('SC-1 images are named by their digest', () => {
    for (const { ContainerDefinitions: [{ Image }] } of tasks) expect(JSON.stringify(Image)).toMatch(/@sha256:a{64}"/);
  });

  test('PUB-5 PUB-4 nobody can open a shell in a task, and no task has a public address', () => {
    for (const service of services) {
      expect(service).toMatchObject({ EnableExecuteCommand: false, NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED' } } });
    }
  });

  test('TBL-1 two tasks each, in two availability zones, and a deployment that fails goes back', () => {
    for (const service of services) {
      expect(service).toMatchObject({ DesiredCount: 2, AvailabilityZoneRebalancing: 'ENABLED', DeploymentConfiguration: { DeploymentCircuitBreaker: { Enable: true, Rollback: true }, MinimumHealthyPercent: 100 } });
    }
  });

  test('a task waits for the endpoints that its image comes through', () => {
    const endpoints = Object.keys(template.findResources('AWS::EC2::VPCEndpoint'));
    const needed = endpoints.filter((id) => /Endpoints(ecr|s3|logs)/.test(id));
    expect(needed).toHaveLength(4);
    for (const { DependsOn } of Object.values(template.findResources('AWS::ECS::Service'))) expect(DependsOn).toEqual(expect.arrayContaining(needed));
  });

  test('IAM-2 the code of a server may do nothing in AWS', () => {
    const taskRoles = tasks.map(({ TaskRoleArn }) => logicalId(TaskRoleArn));
    expect(propertiesOf(template, 'AWS::IAM::Policy').filter(({ Roles }) => Roles.some((role: unknown) => taskRoles.includes(logicalId(role))))).toEqual([]);
  });

  test('MUL-5 the gateway talks to the load balancer, it talks to the servers, and nobody else to anybody', () => {
    const between = securityGroupRules(template).filter((rule) => !rule.includes('Endpoint of'));
    expect(between).toEqual(['balancer -> files:8443', 'balancer -> memory:8443', 'gateway -> balancer:443']);
  });

  test('NET-1 servers reach what a task needs to start, and no service besides', () => {
    const reached = (name: string) => securityGroupRules(template).filter((rule) => rule.startsWith(`${name} -> Endpoint`)).map((rule) => rule.replace(/.*Endpoint of (\S+):443/, '$1'));
    expect(reached('files')).toEqual(['ecr-api', 'ecr-dkr', 'logs', 's3']);
    expect(reached('gateway')).toEqual(['dynamodb', 'kms', 'secretsmanager', 'verifiedpermissions']);
  });

  test('NET-1 network ACLs let nothing through from or to an address outside of the zone, but clients to their endpoint', () => {
    const outside = Object.values(walls(template)).flat().filter((rule) => !/ 10\.80\.\d+\.\d+\/\d+$/.test(rule));
    expect(outside).toEqual(['in allow tcp 443-443 10.20.0.0/16', 'out allow tcp 1024-65535 10.20.0.0/16']);
    template.resourceCountIs('AWS::EC2::InternetGateway', 0);
    template.resourceCountIs('AWS::EC2::Route', 0);
  });

  test('NET-4 the load balancer is internal, speaks TLS 1.3 only, to targets by TLS, and knows the servers by name', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internal', IpAddressType: 'ipv4' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 443, Protocol: 'HTTPS', SslPolicy: 'ELBSecurityPolicy-TLS13-1-3-2021-06', DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }],
    });
    template.allResourcesProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { Protocol: 'HTTPS', Port: 8443, TargetType: 'ip', HealthCheckProtocol: 'HTTPS' });
    const hosts = propertiesOf(template, 'AWS::ElasticLoadBalancingV2::ListenerRule').flatMap(({ Conditions }) => Conditions.flatMap((condition: any) => condition.HostHeaderConfig.Values));
    expect(hosts).toEqual(['files.mcp.internal.example.com', 'memory.mcp.internal.example.com']);
    template.hasResourceProperties('AWS::Route53::RecordSet', { Name: '*.mcp.internal.example.com.', Type: 'A' });
  });

  test('the load balancer drops what is ambiguous, is logged, and cannot be deleted', () => {
    const [{ LoadBalancerAttributes }] = propertiesOf(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer') as [any];
    const attributes = Object.fromEntries(LoadBalancerAttributes.map(({ Key, Value }: any) => [Key, Value]));
    expect(attributes).toMatchObject({ 'routing.http.drop_invalid_header_fields.enabled': 'true', 'routing.http.desync_mitigation_mode': 'strictest', 'access_logs.s3.enabled': 'true', 'deletion_protection.enabled': 'true' });
  });

  test('the gateway is a private API, whose functions are both in the zone', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { EndpointConfiguration: { Types: ['PRIVATE'] } });
    const inZone = propertiesOf(template, 'AWS::Lambda::Function').filter(({ VpcConfig }) => VpcConfig).map(({ Description }) => Description.split(' ')[0]);
    expect(inZone.sort()).toEqual(['Validates,', 'Who']);
  });

  test('LOG-4 records are locked for as long as logs are kept, by a bucket that nobody but the services writes', () => {
    template.allResourcesProperties('AWS::S3::Bucket', {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Days: 365 } } },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
      VersioningConfiguration: { Status: 'Enabled' },
    });
    template.resourcePropertiesCountIs('AWS::S3::Bucket', { ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE' } } } }, 1);
    template.hasResourceProperties('AWS::EC2::FlowLog', { LogDestinationType: 's3', TrafficType: 'ALL' });
  });

  test('IAM-2 every role of the zone has the boundary, those that watch it stand outside of it, and it knows no action on principals or networks', () => {
    const roles = Object.entries(template.findResources('AWS::IAM::Role')).filter(([id]) => id.startsWith('Mcp'));
    const watching = roles.filter(([id]) => id.startsWith('McpObservability'));
    expect(watching.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['McpObservabilityAuditTrailDeliveryRole', 'McpObservabilityAuditTrailSubscriptionRole', 'McpObservabilityAuditTrailOcsfFunctionRole']);
    const inZone = roles.filter((role) => !watching.includes(role)).map(([, { Properties }]) => Properties);
    expect(inZone.length).toBeGreaterThan(5);
    expect(inZone.filter(({ PermissionsBoundary }) => PermissionsBoundary === undefined)).toEqual([]);
    const [{ PolicyDocument }] = propertiesOf(template, 'AWS::IAM::ManagedPolicy') as [any];
    const actions: string[] = PolicyDocument.Statement.flatMap(({ Action }: any) => Action);
    expect(actions.filter((action) => /^(iam|sts|organizations|network-firewall|route53resolver|lambda|ecs):|\*|ec2:(Authorize|Modify|CreateRoute|ReplaceRoute)/.test(action))).toEqual([]);
  });

  test('the key of the zone encrypts its logs, its archive, its policies and its secret', () => {
    const key = { 'Fn::GetAtt': [Object.keys(template.findResources('AWS::KMS::Key'))[0], 'Arn'] };
    template.resourcePropertiesCountIs('AWS::KMS::Key', { KeySpec: Match.absent() }, 1);
    template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: key });
    template.hasResourceProperties('AWS::SecretsManager::Secret', { KmsKeyId: key });
    template.hasResourceProperties('AWS::VerifiedPermissions::PolicyStore', { EncryptionSettings: Match.objectLike({}) });
  });

  test('nothing is warned of', () => {
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });
});

test('TD-4 the gateway serves by a registry, whose table and public key it reaches through endpoints that know them by name', () => {
  const { addServer, template: synthesize } = zoned((stack) => ({ registry: new ToolRegistry(stack, 'Tools') }));
  addServer('files');
  const template = synthesize();
  const endpoint = (service: string) => Object.entries(template.findResources('AWS::EC2::VPCEndpoint')).find(([id]) => id.includes(`Endpoints${service}`))![1].Properties;
  expect(endpoint('dynamodb').PrivateDnsEnabled).toBe(false);
  expect(endpoint('dynamodb').PolicyDocument.Statement).toEqual([['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'], ['dynamodb:GetItem', 'dynamodb:Query']].map((Action) => expect.objectContaining({ Action, Resource: expect.objectContaining({ 'Fn::GetAtt': expect.anything() }) })));
  expect(endpoint('kms').PolicyDocument.Statement).toEqual([expect.objectContaining({ Action: 'kms:GetPublicKey' }), expect.objectContaining({ Action: 'kms:Sign' })]);
  const proxy = propertiesOf(template, 'AWS::Lambda::Function').find(({ Description }) => Description?.startsWith('Validates'))!;
  expect(JSON.stringify(proxy.Environment.Variables.AWS_ENDPOINT_URL_DYNAMODB)).toContain('DnsEntries');
});

describe('with just-in-time grants', () => {
  const { stack, model, addServer, template: synthesize } = zoned((scope) => ({
    clientCidrs: ['10.20.0.0/16'],
    accessGrants: new AccessGrants(scope, 'Grants', { signIn: { authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'approvals' } }),
  }));
  addServer('files');
  model.addContainerGateway({ repository: ecr.Repository.fromRepositoryName(stack, 'Image', 'mcp/gateway'), imageDigest: DIGEST });
  const template = synthesize();
  const tableOf = (id: string) => Object.keys(template.findResources('AWS::DynamoDB::Table')).find((name) => name.startsWith(id));
  const functionOf = (description: string) => propertiesOf(template, 'AWS::Lambda::Function').find(({ Description }) => Description?.startsWith(description))!;

  test('JIT-1 JIT-4 functions and tasks of the gateway use them, and read whom the kill switch blocks there and nowhere else', () => {
    const proxy = functionOf('Validates').Environment.Variables;
    expect(proxy.MCP_GRANTS_TABLE).toEqual({ Ref: tableOf('Grants') });
    expect(proxy.MCP_BLOCK_TABLE).toBeUndefined();
    expect(tableOf('McpBlockList')).toBeUndefined();
    const tasks = propertiesOf(template, 'AWS::ECS::TaskDefinition').flatMap(({ ContainerDefinitions: [{ Environment }] }) => Environment ?? []);
    expect(tasks).toContainEqual({ Name: 'MCP_GRANTS_TABLE', Value: { Ref: tableOf('Grants') } });
    // Tasks have a name of their own, at which there are no pages.
    expect(tasks).toContainEqual({ Name: 'MCP_GRANTS_URL', Value: proxy.MCP_GRANTS_URL });
    expect(tasks.find(({ Name }: any) => Name === 'MCP_PUBLIC_URL').Value).not.toEqual(proxy.MCP_GRANTS_URL);
  });

  test('NET-1 JIT-4 the gateway reaches their table through an endpoint that knows it by name, and can ask for grants and not lift a revocation', () => {
    const [, endpoint] = Object.entries(template.findResources('AWS::EC2::VPCEndpoint')).find(([id]) => id.includes('Endpointsdynamodb'))!;
    const table = { 'Fn::GetAtt': [tableOf('Grants'), 'Arn'] };
    expect(endpoint.Properties.PolicyDocument.Statement).toEqual([expect.objectContaining({ Action: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'], Resource: table })]);
    expect(JSON.stringify(functionOf('Validates').Environment.Variables.AWS_ENDPOINT_URL_DYNAMODB)).toContain('DnsEntries');
    const writes = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([id]) => id.includes('GatewayProxy'))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement).filter(({ Action }: any) => Action === 'dynamodb:PutItem');
    expect(writes.map(({ Resource, Condition }: any) => [Resource, Condition])).toEqual([[table, { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['grants'] } }]]);
    expect(securityGroupRules(template).filter((rule) => rule.includes('Endpoint of dynamodb'))).toEqual(['gateway -> Endpoint of dynamodb:443']);
  });

  test('NET-1 their functions are outside of the zone, and are no way into it', () => {
    for (const { Description, VpcConfig } of propertiesOf(template, 'AWS::Lambda::Function')) if (/^Just-in-time/.test(Description ?? '')) expect([Description, VpcConfig]).toEqual([Description, undefined]);
    expect(propertiesOf(template, 'AWS::ApiGateway::Resource').map(({ PathPart }) => PathPart)).toEqual(expect.arrayContaining(['grants', 'approvals']));
  });

  test('IR-2 SOC-3 the response sets them aside, blocks by their kill switch, and does nothing else with them', () => {
    const respond = Template.fromStack(Stack.of(model.observability!.response));
    const acting = propertiesOf(respond, 'AWS::Lambda::Function').filter(({ Environment }) => Environment?.Variables.MCP_GRANTS_TABLE !== undefined);
    expect(acting.map(({ Description }) => Description).sort()).toEqual(['Blocks addresses', 'Blocks principals and servers, and sets grants aside']);
    const keys = propertiesOf(respond, 'AWS::IAM::Policy').flatMap(({ PolicyDocument }) => PolicyDocument.Statement).filter(({ Resource }: any) => JSON.stringify(Resource).includes('GrantsTable'))
      .map(({ Condition }: any) => Condition['ForAllValues:StringEquals']?.['dynamodb:LeadingKeys']);
    expect(new Set(keys.flat())).toEqual(new Set(['revocations']));
  });
});

test('TB-4 LOG-4 what the zone stops is watched, in a stack of its own, and so is a gateway that runs as tasks', () => {
  const { stack, model, addServer, template: synthesize } = zoned();
  addServer('crm', { egress: { domains: ['api.example.com'] } });
  model.addContainerGateway({ repository: ecr.Repository.fromRepositoryName(stack, 'Image', 'mcp/gateway'), imageDigest: DIGEST });
  const outer = synthesize();
  const watch = Template.fromStack(model.observability!.monitoring.node.scope as Stack);
  watch.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'FirewallDrops' });
  watch.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'DnsBlocks' });
  watch.hasResourceProperties('Custom::McpThreatServices', {});
  watch.allResourcesProperties('AWS::IAM::Role', { PermissionsBoundary: Match.absent() });
  expect(propertiesOf(watch, 'AWS::Logs::MetricFilter').filter(({ MetricTransformations: [{ MetricName }] }) => MetricName === 'FailedSignIns')).toHaveLength(3);
  outer.resourceCountIs('AWS::Logs::SubscriptionFilter', 4);
  outer.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  const tasks = propertiesOf(outer, 'AWS::ECS::TaskDefinition').map(({ ContainerDefinitions: [{ Environment }] }) => Environment ?? []);
  expect(tasks.flat()).toContainEqual({ Name: 'MCP_AUDIT_KEY_ARN', Value: expect.anything() });
});

describe('keys of an issuer', () => {
  const issuer = { issuer: 'https://login.example.com', jwksUri: 'https://keys.example.com/jwks.json' };

  test('that the gateway cannot reach fail the synthesis, and not every request', () => {
    const { app } = zoned({ tokenIssuers: [issuer] });
    expect(() => app.synth()).toThrow('the gateway cannot reach keys.example.com for the keys of https://login.example.com: declare it with zone.allowEgress');
  });

  test('are reached by declared egress of the gateway', () => {
    const { app, model } = zoned({ tokenIssuers: [issuer] });
    model.zone.allowEgress(model.gatewayWorkload, { domains: ['keys.example.com'] });
    expect(() => app.synth()).not.toThrow();
  });
});

test('MUL-7 two zones of different stages with one token issuer fail the synthesis', () => {
  const app = new App();
  for (const stage of ['dev', 'prod']) {
    const stack = new Stack(app, stage);
    new DedicatedSecurityZone(stack, 'Mcp', {
      stage,
      tokenIssuers: [{ issuer: 'https://login.example.com', jwks: KEYS }],
      domainName: `${stage}.internal.example.com`,
      certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', `arn:aws:acm:eu-west-1:123456789012:certificate/${stage}`),
    });
  }
  expect(() => app.synth()).toThrow('the stages dev and prod share the token issuer https://login.example.com');
});

test('SOC-3 JIT-4 whom the response blocks the gateway refuses, by a list that it reads and cannot write', () => {
  const { model, template: synthesize } = zoned();
  const template = synthesize();
  const proxy = propertiesOf(template, 'AWS::Lambda::Function').find(({ Description }) => Description?.startsWith('Validates'))!;
  const table = proxy.Environment.Variables.MCP_BLOCK_TABLE.Ref;
  expect(JSON.stringify(proxy.Environment.Variables.AWS_ENDPOINT_URL_DYNAMODB)).toContain('DnsEntries');
  const touching = propertiesOf(template, 'AWS::IAM::Policy').flatMap(({ PolicyDocument }) => PolicyDocument.Statement).filter(({ Resource }: any) => JSON.stringify(Resource).includes(table) && !JSON.stringify(Resource).includes('Key'));
  expect(touching.map(({ Action }: any) => Action)).toEqual([['dynamodb:GetItem', 'dynamodb:Query']]);
  const acting = propertiesOf(Template.fromStack(Stack.of(model.observability!.response)), 'AWS::Lambda::Function').filter(({ Environment }) => Environment?.Variables.MCP_GRANTS_TABLE !== undefined);
  expect(acting.map(({ Description }) => Description).sort()).toEqual(['Blocks addresses', 'Blocks principals and servers, and sets grants aside']);
});
