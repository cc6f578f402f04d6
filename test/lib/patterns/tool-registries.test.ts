import { App, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ContainerizedMicroservices, DedicatedSecurityZone, ToolRegistry } from '../../../lib';
import type { IToolRegistry } from '../../../lib';
import { appliedObjects, objectOf } from '../cluster/delivered';
import { propertiesOf, securityGroupRules } from '../zone/zone-stack';

const tokenIssuers = [{ issuer: 'https://login.example.com', jwks: JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] }) }];
const domainName = 'mcp.internal.example.com';
const certificateIn = (stack: Stack) => acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555');
const image = (stack: Stack, name: string) => ({ repository: ecr.Repository.fromRepositoryName(stack, `Repository-${name}`, `mcp/${name}`), imageDigest: `sha256:${'a'.repeat(64)}` });
const functionsOf = (template: Template) => propertiesOf(template, 'AWS::Lambda::Function');
const asking = (template: Template) => functionsOf(template).find(({ Description }) => Description === 'Asks MCP servers what they offer')!;

/** A zone with a registry, and a server. */
function zoneWith(registryOf: (stack: Stack) => ToolRegistry) {
  const stack = new Stack(new App(), 'Stack');
  const registry = registryOf(stack);
  const model = new DedicatedSecurityZone(stack, 'Mcp', { tokenIssuers, domainName, certificate: certificateIn(stack), registry, unsafeUnobserved: true });
  model.addServer('files', image(stack, 'files'));
  return { stack, model, registry };
}

/** A cluster, maybe with a registry, and a server. */
function clusterWith(registryOf: (stack: Stack) => IToolRegistry | undefined) {
  const stack = new Stack(new App(), 'Stack');
  const model = new ContainerizedMicroservices(stack, 'Mcp', {
    tokenIssuers, domainName, certificate: certificateIn(stack), gatewayImage: image(stack, 'gateway'), registry: registryOf(stack), unsafeUnobserved: true,
    kubectlLayer: lambda.LayerVersion.fromLayerVersionArn(stack, 'Kubectl', 'arn:aws:lambda:eu-west-1:123456789012:layer:kubectl:1'),
  });
  model.addServer('crm', image(stack, 'crm'));
  const template = Template.fromStack(stack);
  return { template, settings: objectOf(appliedObjects(template), 'ConfigMap', 'mcp-gateway', 'gateway').data };
}

describe('in the zone a registry', () => {
  const { stack, model, registry } = zoneWith((scope) => new ToolRegistry(scope, 'Tools'));
  const template = Template.fromStack(stack);
  const discover = asking(template);

  test('NET-1 TD-4 asks servers from inside: from a place that reaches their load balancer and the endpoint of its table, and that nothing reaches', () => {
    const rules = securityGroupRules(template).filter((rule) => rule.includes('discovery'));
    expect(rules).toEqual(['discovery -> Endpoint of dynamodb:443', 'discovery -> balancer:443']);
    expect(discover.VpcConfig.SecurityGroupIds).toEqual([stack.resolve(model.discoveryWorkload!.securityGroup.securityGroupId)]);
    expect(discover.VpcConfig.SubnetIds).toEqual(model.discoveryWorkload!.vpcSubnets.subnets!.map(({ subnetId }) => stack.resolve(subnetId)));
    expect(JSON.stringify(discover.Environment.Variables.AWS_ENDPOINT_URL_DYNAMODB)).toContain('DnsEntries');
    expect(JSON.parse(discover.Environment.Variables.MCP_SERVERS)).toEqual([{ name: 'files', url: 'https://files.mcp.internal.example.com/mcp' }]);
  });

  test('NET-1 no other function of the registry is in the zone, where it could reach them', () => {
    const inside = functionsOf(template).filter(({ Environment, VpcConfig }) => Environment?.Variables.MCP_REGISTRY_TABLE !== undefined && VpcConfig !== undefined).map(({ Description }) => Description.split(' ')[0]);
    expect(inside.sort()).toEqual(['Asks', 'Validates,']);
  });

  test('SC-2 the function that asks may keep what it was told and nothing more, within the boundary of the zone', () => {
    const [roleId, { Properties: role }] = Object.entries(template.findResources('AWS::IAM::Role')).find(([id]) => id.startsWith('ToolsDiscoverFunction'))!;
    expect(role.PermissionsBoundary).toEqual(stack.resolve(model.permissionsBoundary.managedPolicyArn));
    const statements = propertiesOf(template, 'AWS::IAM::Policy').filter(({ Roles }) => Roles.some(({ Ref }: any) => Ref === roleId)).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    expect(statements.filter(({ Action }: any) => Action === 'dynamodb:PutItem').map(({ Condition }: any) => Condition)).toEqual([{ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['offers/*'] } }]);
    expect(statements.flatMap(({ Action }: any) => Action).filter((action: string) => /^(secretsmanager|states|lambda|sns|events|kms:Sign)/.test(action))).toEqual([]);
  });

  test('asks in one zone only', () => {
    const another = () => new DedicatedSecurityZone(stack, 'Second', { tokenIssuers, domainName: 'other.example.com', certificate: certificateIn(new Stack(stack, 'Inner')), registry, unsafeUnobserved: true });
    expect(another).toThrow('the registry of tools "Stack/Tools" asks servers in another network already');
  });

  test('that is in another stack cannot ask, which is warned of', () => {
    const elsewhere = zoneWith((scope) => new ToolRegistry(new Stack(scope.node.root, 'Elsewhere'), 'Tools'));
    expect(elsewhere.model.discoveryWorkload).toBeUndefined();
    Annotations.fromStack(elsewhere.stack).hasWarning('/Stack/Mcp', Match.stringLikeRegexp('cannot ask the servers in it'));
  });
});

describe('in the cluster a registry', () => {
  const { template, settings } = clusterWith((scope) => new ToolRegistry(scope, 'Tools', { rescanInterval: Duration.minutes(30) }));

  test('TD-4 has the pods of the gateway ask the servers, as often as it says', () => {
    expect(settings).toMatchObject({ MCP_DISCOVERY_MINUTES: '30', MCP_REGISTRY_TABLE: expect.any(String) });
    expect(clusterWith(() => undefined).settings).not.toHaveProperty('MCP_DISCOVERY_MINUTES');
  });

  test('TD-4 in whole minutes, and once a week at least, also where the registry is another app\'s', () => {
    expect(clusterWith((scope) => new ToolRegistry(scope, 'Tools', { rescanInterval: Duration.days(30) })).settings.MCP_DISCOVERY_MINUTES).toBe('10080');
    const arn = (service: string, resource: string) => `arn:aws:${service}:eu-west-1:123456789012:${resource}`;
    const imported = (scope: Stack) => ToolRegistry.fromToolRegistryAttributes(scope, 'Tools', {
      tableName: 'tools', signingKeyArn: arn('kms', 'key/1'), encryptionKeyArn: arn('kms', 'key/2'), decideFunctionArn: arn('lambda', 'function:decide'), metricNamespace: 'Tools', rescanInterval: Duration.seconds(90),
    });
    expect(clusterWith(imported).settings.MCP_DISCOVERY_MINUTES).toBe('2');
  });

  test('NET-1 has no function with a way to them', () => {
    const registered = functionsOf(template).filter(({ Environment }) => Environment?.Variables.MCP_REGISTRY_TABLE !== undefined);
    expect(registered.filter(({ VpcConfig }) => VpcConfig !== undefined)).toEqual([]);
    expect(asking(template)).toBeUndefined();
  });

  test('TBL-1 counts servers that do not answer, from what the pods write', () => {
    template.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ ($.kind = "discovery") && ($.failure = "*") }',
      LogGroupName: { Ref: Match.stringLikeRegexp('mcpgatewaygateway') },
      MetricTransformations: [Match.objectLike({ MetricName: 'Unreachable', MetricNamespace: Match.stringLikeRegexp('Stack-Tools') })],
    });
  });
});
