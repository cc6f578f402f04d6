import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { CfnTrail } from 'aws-cdk-lib/aws-cloudtrail';
import { CfnKey } from 'aws-cdk-lib/aws-kms';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { McpSecurityChecks } from '../../lib';

/** The feature flags of `cdk.json`. */
export const { context: recommended } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };

/** All other tests leave the validation of the CDK out, which takes seconds in every file. */
export function validateTemplates(): void {
  beforeAll(() => {
    process.env.CDK_VALIDATION = 'true';
  });
  jest.setTimeout(180_000);
}

/** An app with all recommended feature flags, all rule packs and the validation of the CDK. */
export function validatedApp(add: (app: App) => void, context: Readonly<Record<string, unknown>> = {}): App {
  const app = new App({ context: { ...recommended, ...context }, outdir: mkdtempSync(join(tmpdir(), 'template-')), analyticsReporting: false });
  add(app);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app), new McpSecurityChecks());
  return app;
}

export function expectNoFinding(app: App, stack: Stack): void {
  expect(() => app.synth()).not.toThrow();
  Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  Annotations.fromStack(stack).hasNoError('*', Match.anyValue());
}

/** How many keys a stack makes, with those of its nested stacks. */
export function keysOf(stack: Stack): number {
  return stack.node.findAll().filter((construct) => construct instanceof CfnKey).length;
}

/** What holds for each reference stack: no rule finds anything, every exception has its reason, and one template is enough. */
export function testReferenceStack(app: App, stack: Stack): void {
  test('is clean under the rules of the CDK, AWS Solutions, NIST 800-53 R5 and our own, without a warning', () => {
    expectNoFinding(app, stack);
  });

  test('says why, for every finding that is acknowledged', () => {
    const acknowledged = stack.node.findAll().flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>));
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(acknowledged.filter(([, reason]) => reason.split(' ').length < 8)).toEqual([]);
  });

  test('TD-4 IR-2 has a registry of tools, whose response to incidents can quarantine them', () => {
    const functions = stack.node.findAll().filter((construct) => construct instanceof CfnFunction).map(({ description }) => description);
    expect(functions).toEqual(expect.arrayContaining(['Signs and publishes approvals of MCP tools', 'Quarantines MCP tools']));
  });

  test('HOST-0 says when it is deployed what an administrator left off', () => {
    Template.fromStack(stack).hasOutput('PlansLeftOff', { Value: { 'Fn::GetAtt': Match.anyValue() } });
  });

  test('LOG-1 LOG-4 IR-2 whoever carries out a response certifies itself with the key of the audit trail, which archives what it did', () => {
    const templates = stack.node.findAll().filter((construct) => construct instanceof Stack).map((each) => Template.fromStack(each));
    const responders = templates.map((template) => Object.values(template.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties).filter(({ Environment }) => Environment?.Variables.MCP_RESPONSE_POLICY !== undefined));
    expect(responders.flat().length).toBeGreaterThanOrEqual(6);
    responders.forEach((functions, index) => {
      const collected = Object.values(templates[index]!.findResources('AWS::Logs::SubscriptionFilter', { Properties: { FilterPattern: '{ $.chain.writer = "*" }' } })).map(({ Properties }) => Properties.LogGroupName.Ref);
      expect(functions.filter(({ Environment, LoggingConfig }) => Environment.Variables.MCP_AUDIT_KEY_ARN === undefined || !collected.includes(LoggingConfig.LogGroup.Ref))).toEqual([]);
    });
    const [key] = templates.flatMap((template) => Object.values(template.findResources('AWS::KMS::Key', { Properties: { KeyUsage: 'SIGN_VERIFY', Description: Match.stringLikeRegexp('audit events') } })));
    const [refused] = key!.Properties.KeyPolicy.Statement.filter(({ Effect }: { readonly Effect: string }) => Effect === 'Deny');
    expect(refused.Condition.ArnNotEquals['aws:PrincipalArn'].length).toBeGreaterThan(responders.flat().length);
  });

  test('HOST-2 LOG-2 records who writes a table that decides, that of the response too', () => {
    const [trail] = stack.node.findAll().filter((construct) => construct instanceof CfnTrail);
    const [, tables] = Stack.of(trail!).resolve(trail!.advancedEventSelectors) as readonly { readonly fieldSelectors: readonly { readonly field: string; readonly equalTo: readonly unknown[] }[] }[];
    expect(tables!.fieldSelectors.find(({ field }) => field === 'resources.ARN')!.equalTo).toHaveLength(3);
  });

  test('fits into one template of AWS CloudFormation', () => {
    const template = Template.fromStack(stack).toJSON();
    expect(Object.keys(template.Resources).length).toBeLessThan(500);
    expect(JSON.stringify(template).length).toBeLessThan(1_000_000);
  });
}
