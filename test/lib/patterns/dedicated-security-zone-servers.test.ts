import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { logicalId, propertiesOf, securityGroupRules } from '../zone/zone-stack';
import { zoned } from './zoned-stack';

describe('a server', () => {
  test('NET-1 with declared egress runs in subnets of its own, behind the firewall', () => {
    const { addServer, template: synthesize } = zoned();
    addServer('crm', { egress: { domains: ['api.example.com'] } });
    addServer('files');
    const template = synthesize();
    const subnetsOf = (name: string) => {
      const [, service] = Object.entries(template.findResources('AWS::ECS::Service')).find(([id]) => id.includes(`Server${name}`))!;
      return service.Properties.NetworkConfiguration.AwsvpcConfiguration.Subnets.map(logicalId);
    };
    expect(subnetsOf('crm').every((id: string) => id.includes('Egresscrm'))).toBe(true);
    expect(subnetsOf('files').every((id: string) => id.includes('WorkloadSubnet'))).toBe(true);
  });

  test('ENT-4 MUL-3 gets secrets when its task starts, through an endpoint that knows them by name', () => {
    const { stack, addServer, template: synthesize } = zoned();
    const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:crm-AbCdEf');
    addServer('crm', { secrets: { API_KEY: secret } });
    const template = synthesize();
    template.hasResourceProperties('AWS::ECS::TaskDefinition', { ContainerDefinitions: [Match.objectLike({ Secrets: [{ Name: 'API_KEY', ValueFrom: secret.secretArn }] })] });
    const [, endpoint] = Object.entries(template.findResources('AWS::EC2::VPCEndpoint')).find(([id]) => id.includes('secretsmanager'))!;
    expect(JSON.stringify(endpoint.Properties.PolicyDocument)).toContain(secret.secretArn);
  });

  test('CON-1 writes only where it was said', () => {
    const { addServer, template } = zoned();
    addServer('crm', { writablePaths: ['/tmp'] });
    template().hasResourceProperties('AWS::ECS::TaskDefinition', {
      Volumes: [{ Name: 'writable1' }],
      ContainerDefinitions: [Match.objectLike({ ReadonlyRootFilesystem: true, MountPoints: [{ ContainerPath: '/tmp', SourceVolume: 'writable1', ReadOnly: false }] })],
    });
  });

  test.each([
    [{ imageDigest: 'latest' }, 'the image of "crm" is "latest", expected a digest'],
    [{ imageDigest: `sha256:${'A'.repeat(64)}` }, 'expected a digest'],
    [{ user: 'root' }, 'the user of "crm" is "root", expected numbers of a user and a group other than root'],
    [{ user: '0:0' }, 'other than root'],
    [{ user: '1000' }, 'other than root'],
    [{ user: '1000:0' }, 'other than root'],
  ])('is refused with %j', (options, message) => {
    expect(() => zoned().addServer('crm', options)).toThrow(message);
  });

  test.each([
    [{ unsafePlainHttp: true }, 'the load balancer reaches the MCP server "crm" without TLS'],
    [{ unsafeWritableRoot: true }, 'the container of "crm" may write everywhere in its file system'],
  ])('%j is warned of', (options, message) => {
    const { stack, addServer } = zoned();
    addServer('crm', options);
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp(message));
  });

  test('CON-5 images that nobody scans are warned of, where that is known', () => {
    const { stack, addServer } = zoned();
    addServer('crm', { repository: new ecr.Repository(stack, 'Unscanned') });
    addServer('files', { repository: new ecr.Repository(stack, 'Scanned', { imageScanOnPush: true }) });
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('images of "crm" are not scanned'));
    expect(Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('not scanned'))).toHaveLength(1);
  });
});

test('HOST-0 the agent of GuardDuty gets into tasks and out to GuardDuty, where its repository is named, and nowhere else', () => {
  const reached = (template: Template) => securityGroupRules(template).filter((rule) => rule.includes('Endpoint of guardduty-data'));
  const without = zoned();
  without.addServer('files');
  expect(reached(without.template())).toEqual([]);
  const agent = 'arn:aws:ecr:eu-west-1:694911143906:repository/aws-guardduty-agent-fargate';
  const { model, addServer, template: synthesize } = zoned((stack) => ({ guardDutyAgent: ecr.Repository.fromRepositoryArn(stack, 'Agent', agent) }));
  addServer('files');
  const template = synthesize();
  expect(reached(template)).toEqual(['files -> Endpoint of guardduty-data:443']);
  const pulls = propertiesOf(template, 'AWS::IAM::Policy').flatMap(({ PolicyDocument }) => PolicyDocument.Statement).filter(({ Resource }: any) => Resource === agent);
  expect(pulls.map(({ Action }: any) => Action)).toEqual([['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage']]);
  const watch = JSON.stringify(Template.fromStack(Stack.of(model.observability!.threatDetection)).findResources('Custom::McpThreatServices'));
  expect(watch).toContain('ECS_FARGATE_AGENT_MANAGEMENT');
  expect(JSON.stringify(propertiesOf(template, 'AWS::Route53Resolver::FirewallDomainList'))).toContain('694911143906.dkr.ecr.');
});
