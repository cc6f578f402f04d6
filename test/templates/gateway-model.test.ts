import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { addModel } from '../../bin/models';
import { ApiGatewayCentric, DecisionMode, McpSecurityChecks } from '../../lib';

/** All other tests leave the validation of the CDK out, which takes seconds in every file; here is where it is. */
beforeAll(() => {
  process.env.CDK_VALIDATION = 'true';
});
jest.setTimeout(180_000);

const ISSUER = { issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' };
const { context } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };

/** An app with all recommended feature flags, all rule packs and the validation of the CDK. */
function validatedApp(add: (app: App) => void): App {
  const app = new App({ context, outdir: mkdtempSync(join(tmpdir(), 'template-')), analyticsReporting: false });
  add(app);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app), new McpSecurityChecks());
  return app;
}

/** The one template of an app, without what differs from one build or checkout to the next. */
function stableTemplate(app: App): object {
  const [stack] = app.synth().stacks;
  const text = JSON.stringify(stack!.template).replace(/[0-9a-f]{64}(?=\.zip)/g, 'ASSET');
  const template = JSON.parse(text) as { Resources: Record<string, { Metadata?: unknown }> };
  for (const resource of Object.values(template.Resources)) delete resource.Metadata;
  return template;
}

test('the rules of the CDK fail a synthesis that breaks them, so that passing them means something', () => {
  expect(context['@aws-cdk/core:validateAgainstDefaultRules']).toBe(true);
  const app = validatedApp((scope) => {
    const stack = new Stack(scope, 'Stack');
    new s3.CfnBucket(stack, 'Bucket', { accessControl: 'NoSuchValue' });
  });
  expect(() => app.synth()).toThrow();
});

describe('the reference stack', () => {
  const app = validatedApp(addModel);
  const stack = app.node.findChild('McpGatewayModel') as Stack;

  test('is clean under the rules of the CDK, AWS Solutions, NIST 800-53 R5 and our own, without a warning', () => {
    expect(() => app.synth()).not.toThrow();
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
    Annotations.fromStack(stack).hasNoError('*', Match.anyValue());
  });

  test('says why, for every finding that is acknowledged', () => {
    const acknowledged = stack.node.findAll().flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>));
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter(([, reason]) => reason.split(' ').length < 8)).toEqual([]);
  });

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
