import { Match } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { McpPrincipal, TraceExport } from '../../../lib';
import type { LatticeServiceOptions } from '../../../lib';
import { logicalId, propertiesOf, securityGroupRules, walls } from '../zone/zone-stack';
import { DIGEST, zoned } from './zoned-stack';

test('clients in VPCs of their own reach the gateway by endpoints there, and the zone has none for them', () => {
  const { template: synthesize } = zoned((stack) => ({
    clientEndpoints: [ec2.InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(stack, 'Clients', { vpcEndpointId: 'vpce-11111111', port: 443 })],
  }));
  const template = synthesize();
  template.hasResourceProperties('AWS::ApiGateway::RestApi', { EndpointConfiguration: { VpcEndpointIds: ['vpce-11111111'] } });
  expect(Object.keys(template.findResources('AWS::EC2::VPCEndpoint')).filter((id) => id.includes('execute'))).toEqual([]);
});

test('an API that is there already is in front, and everything behind it is in the zone', () => {
  const { addServer, template: synthesize } = zoned((stack) => ({ restApi: new apigateway.RestApi(stack, 'Api', { endpointTypes: [apigateway.EndpointType.REGIONAL], cloudWatchRole: false }), publicUrl: 'https://api.example.com' }));
  addServer('files');
  const template = synthesize();
  template.resourceCountIs('AWS::ApiGateway::RestApi', 1);
  template.hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: 'mcp' });
  expect(Object.keys(template.findResources('AWS::EC2::VPCEndpoint')).filter((id) => id.includes('execute'))).toEqual([]);
  expect(propertiesOf(template, 'AWS::Lambda::Function').filter(({ VpcConfig }) => VpcConfig)).toHaveLength(2);
});

describe('the gateway as a container', () => {
  const { model, addServer, template: synthesize } = zoned();
  const { gatewayUrl } = model.addContainerGateway({ repository: ecr.Repository.fromRepositoryName(model, 'Image', 'mcp/gateway'), imageDigest: DIGEST, clientCidrs: ['10.20.0.0/16'] });
  addServer('files').grants.callTool(McpPrincipal.group('analysts'), 'read_file');
  const template = synthesize();
  const proxy = propertiesOf(template, 'AWS::Lambda::Function').find(({ Description }) => Description.startsWith('Validates'))!;
  const task = propertiesOf(template, 'AWS::ECS::TaskDefinition').find(({ ContainerDefinitions }) => JSON.stringify(ContainerDefinitions).includes('mcp/gateway'))!;
  const [container] = task.ContainerDefinitions;

  test('is told what the function is told, servers that are added later among it, but where it is reached', () => {
    const told = Object.fromEntries(container.Environment.map(({ Name, Value }: any) => [Name, Value]));
    expect(gatewayUrl).toBe('https://gateway.mcp.internal.example.com');
    expect(told).toEqual({ ...proxy.Environment.Variables, MCP_PUBLIC_URL: gatewayUrl });
    expect(JSON.stringify(told.MCP_SERVERS)).toContain('files.mcp.internal.example.com');
  });

  test('may do what the function may, by the same role, which only tasks of this account take on', () => {
    expect(task.TaskRoleArn).toEqual(proxy.Role);
    const { AssumeRolePolicyDocument } = template.findResources('AWS::IAM::Role')[logicalId(proxy.Role)]!.Properties;
    expect(AssumeRolePolicyDocument.Statement).toContainEqual(expect.objectContaining({
      Principal: { Service: 'ecs-tasks.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    }));
  });

  test('CON-1 CON-2 is as bare as the servers', () => {
    expect(container).toMatchObject({ ReadonlyRootFilesystem: true, Privileged: false, User: '65532:65532', LinuxParameters: { Capabilities: { Drop: ['ALL'] } } });
  });

  test('MUL-5 clients reach its entrance, its entrance reaches it, and servers are still reached by the gateway only', () => {
    const between = securityGroupRules(template).filter((rule) => !rule.includes('Endpoint of'));
    expect(between).toEqual(['balancer -> files:8443', 'entrance -> gateway:8443', 'gateway -> balancer:443']);
    template.hasResourceProperties('AWS::EC2::SecurityGroup', { GroupDescription: Match.stringLikeRegexp('^entrance'), SecurityGroupIngress: [Match.objectLike({ CidrIp: '10.20.0.0/16', FromPort: 443 })] });
    expect(walls(template)['10.80.4.0/26']).toContain('in allow tcp 443-443 10.20.0.0/16');
  });

  test('is asked whether it is ready, by TLS, and has a name of its own in the zone', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { HealthCheckPath: '/readyz', Protocol: 'HTTPS', Matcher: { HttpCode: '200' } });
    expect(propertiesOf(template, 'AWS::Route53::RecordSet').map(({ Name }) => Name).sort()).toEqual(['*.mcp.internal.example.com.', 'gateway.mcp.internal.example.com.']);
    template.resourceCountIs('AWS::Route53::HostedZone', 1);
  });

  test('LOG-1 its audit events are counted with those of the function', () => {
    const groups = propertiesOf(template, 'AWS::Logs::MetricFilter').map(({ LogGroupName }) => logicalId(LogGroupName));
    expect(groups.filter((group) => group.includes('ContainerGateway')).length).toBeGreaterThan(0);
  });
});

describe('a service of VPC Lattice', () => {
  function published(options: LatticeServiceOptions) {
    const { model, template } = zoned();
    const gateway = model.addContainerGateway({ repository: ecr.Repository.fromRepositoryName(model, 'Image', 'mcp/gateway'), imageDigest: DIGEST });
    gateway.addLatticeService(options);
    return template;
  }

  test('NET-1 takes calls from VPCs of the named accounts only, by TLS, and leads to the entrance of the gateway', () => {
    const template = published({ sourceAccounts: ['111111111111'], sourceVpcs: ['vpc-11111111'] })();
    const policies = propertiesOf(template, 'AWS::VpcLattice::AuthPolicy');
    expect(policies).toHaveLength(2);
    for (const { Policy } of policies) {
      expect(Policy.Statement).toEqual([expect.objectContaining({
        Effect: 'Allow', Condition: { StringEquals: { 'vpc-lattice-svcs:SourceVpcOwnerAccount': ['111111111111'], 'vpc-lattice-svcs:SourceVpc': ['vpc-11111111'] } },
      })]);
    }
    for (const type of ['AWS::VpcLattice::Service', 'AWS::VpcLattice::ServiceNetwork']) template.allResourcesProperties(type, { AuthType: 'AWS_IAM' });
    template.hasResourceProperties('AWS::VpcLattice::Listener', { Protocol: 'HTTPS', Port: 443 });
    template.hasResourceProperties('AWS::VpcLattice::TargetGroup', { Type: 'ALB', Config: Match.objectLike({ Protocol: 'HTTPS' }) });
    expect(walls(template)['10.80.4.0/26']).toContain('in allow tcp 443-443 169.254.171.0/24');
  });

  test('is logged', () => {
    const template = published({ sourceAccounts: ['111111111111'] })();
    template.resourceCountIs('AWS::VpcLattice::AccessLogSubscription', 1);
  });

  test('is not for everybody', () => {
    expect(() => published({ sourceAccounts: [] })).toThrow('sourceAccounts is empty, expected the accounts whose VPCs may call');
  });
});

test('GW-4 spans go to AWS X-Ray through an endpoint that takes nothing else, from the gateway alone', () => {
  const template = zoned({ traceExport: TraceExport.xRay() }).template();
  const [endpoint] = propertiesOf(template, 'AWS::EC2::VPCEndpoint').filter(({ ServiceName }) => JSON.stringify(ServiceName).includes('.xray'));
  expect(endpoint!.PolicyDocument.Statement.map(({ Action }: any) => Action)).toEqual([['xray:PutTraceSegments', 'xray:PutSpans', 'xray:PutSpansForIndexing']]);
  expect(securityGroupRules(template).filter((rule) => rule.includes('Endpoint of xray'))).toEqual(['gateway -> Endpoint of xray:443']);
});
