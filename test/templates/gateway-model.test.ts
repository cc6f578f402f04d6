import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { addModel } from '../../bin/models';
import { ApiGatewayCentric, DecisionMode } from '../../lib';
import { recommended, testReferenceStack, validatedApp, validateTemplates } from './validated-app';

validateTemplates();

const ISSUER = { issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' };

/** The one template of an app, without what differs from one build or checkout to the next. */
function stableTemplate(app: App): object {
  const [stack] = app.synth().stacks;
  const text = JSON.stringify(stack!.template).replace(/[0-9a-f]{64}(?=\.zip)/g, 'ASSET');
  const template = JSON.parse(text) as { Resources: Record<string, { Metadata?: unknown }> };
  for (const resource of Object.values(template.Resources)) delete resource.Metadata;
  return template;
}

test('the rules of the CDK fail a synthesis that breaks them, so that passing them means something', () => {
  expect(recommended['@aws-cdk/core:validateAgainstDefaultRules']).toBe(true);
  const app = validatedApp((scope) => {
    const stack = new Stack(scope, 'Stack');
    new s3.CfnBucket(stack, 'Bucket', { accessControl: 'NoSuchValue' });
  });
  expect(() => app.synth()).toThrow();
});

describe('the reference stack', () => {
  const app = validatedApp(addModel);
  const stack = app.node.findChild('McpGatewayModel') as Stack;

  testReferenceStack(app, stack);

  test('has the policies of this package, each valid for the tools of its servers', () => {
    const policies = Template.fromStack(stack).findResources('AWS::VerifiedPermissions::Policy');
    expect(Object.values(policies).map(({ Properties }) => Properties.Definition.Static.Description)).toContainEqual(expect.stringMatching(/^no-environment \(00-base\.cedar:\d+\)$/));
  });

  test('does not change unnoticed', () => {
    expect(stableTemplate(app)).toMatchSnapshot();
  });
});

describe('what can be told otherwise is as clean', () => {
  const variant = (build: (stack: Stack) => Partial<ConstructorParameters<typeof ApiGatewayCentric>[2]>) => validatedApp((scope) => {
    const stack = new Stack(scope, 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
    new ApiGatewayCentric(stack, 'Mcp', { tokenIssuers: [ISSUER], ...build(stack) }).addServer('files', { url: 'https://files.example.com/mcp' });
  });

  test('a domain with client certificates', () => {
    const app = variant((stack) => ({
      domainName: 'mcp.example.com',
      certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555'),
      mtls: { bucket: s3.Bucket.fromBucketName(stack, 'Trust', 'trust-store'), key: 'ca.pem' },
      allowedOrigins: ['https://app.example.com'],
      scopes: ['mcp'],
    }));
    expect(() => app.synth()).not.toThrow();
  });

  test('a private API whose proxy is in a VPC, with decisions by the service', () => {
    const app = variant((stack) => {
      const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
        vpcId: 'vpc-11111111', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-11111111'], privateSubnetRouteTableIds: ['rtb-11111111'],
      });
      const endpoint = ec2.InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(stack, 'Endpoint', { vpcEndpointId: 'vpce-11111111', port: 443 });
      return { vpc, vpcEndpoints: [endpoint], decisionMode: DecisionMode.SERVICE, proxyReservedConcurrency: 50, authorizerReservedConcurrency: 50 };
    });
    expect(() => app.synth()).not.toThrow();
  });
});

describe('the model', () => {
  const withModel = (model: unknown) => () => addModel(new App({ context: { model } }));

  test.each(['gatway', 'constructor', 7])('%j is unknown, which is said', (model) => {
    expect(withModel(model)).toThrow(`there is no model ${JSON.stringify(model)}, expected -c model=gateway or -c model=zone or -c model=cluster`);
  });
});
