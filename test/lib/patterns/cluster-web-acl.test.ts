import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AccessGrants, ContainerizedMicroservices } from '../../../lib';
import { propertiesOf } from '../zone/zone-stack';

describe('in front of the cluster', () => {
  const stack = new Stack(new App(), 'Stack');
  const model = new ContainerizedMicroservices(stack, 'Mcp', {
    tokenIssuers: [{ issuer: 'https://login.example.com', jwks: JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] }) }],
    gatewayImage: { repository: ecr.Repository.fromRepositoryName(stack, 'Image', 'mcp/gateway'), imageDigest: `sha256:${'a'.repeat(64)}` },
    domainName: 'mcp.internal.example.com',
    certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555'),
    accessGrants: new AccessGrants(stack, 'Grants', { nested: true, signIn: { authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'approvals' } }),
    administrators: [iam.Role.fromRoleName(stack, 'Administrator', 'administrator')],
    addressRateLimit: 5_000,
  });
  const template = Template.fromStack(stack);
  const front = Template.fromStack(Stack.of(model.webAcl!));
  const rules = propertiesOf(front, 'AWS::WAFv2::WebACL')[0]!.Rules;

  test('NET-3 GW-3 AWS WAF stands before the load balancer, with the pages of approvers, and a rate for each address', () => {
    const [{ ResourceArn, WebACLArn }] = propertiesOf(template, 'AWS::WAFv2::WebACLAssociation') as [any];
    expect(ResourceArn).toEqual({ Ref: expect.stringMatching(/^McpBalancer/) });
    expect(WebACLArn).toEqual({ 'Fn::GetAtt': [expect.stringContaining('McpFront'), expect.stringContaining('WebAcl')] });
    expect(rules.map(({ Name }: any) => Name)).toEqual(expect.arrayContaining(['AddressRate', 'BodySize', 'McpEndpoint', 'Grants-Approvals']));
    expect(rules.find(({ Name }: any) => Name === 'AddressRate').Statement.RateBasedStatement.Limit).toBe(5_000);
  });

  test('SOC-3 the response blocks addresses there too, before anything else is looked at', () => {
    expect(rules[0]).toMatchObject({ Name: 'BlockedAddresses', Priority: 0, Action: { Block: {} } });
    const respond = Template.fromStack(Stack.of(model.observability!.response));
    const acting = propertiesOf(respond, 'AWS::Lambda::Function').find(({ Description }) => Description === 'Blocks addresses')!;
    expect(JSON.stringify(acting.Environment.Variables.MCP_RESPONSE_IP_SETS)).toContain('BlockedIpv4');
  });

  test('LOG-3 what it blocks is an alarm where it is unusual', () => {
    const watch = Template.fromStack(Stack.of(model.observability!.monitoring));
    expect(propertiesOf(watch, 'AWS::Logs::MetricFilter').map(({ MetricTransformations: [{ MetricName }] }) => MetricName)).toContain('WebAclBlocks');
    expect(propertiesOf(watch, 'AWS::CloudWatch::Alarm').map(({ AlarmDescription }) => AlarmDescription)).toContain('The web ACL blocks far more requests than usual');
  });
});
