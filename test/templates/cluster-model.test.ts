import { Stack, Validations } from 'aws-cdk-lib';
import type { App } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { addModel } from '../../bin/models';
import { validatedApp, validateTemplates } from './validated-app';

validateTemplates();

describe.each([
  ['with declared egress', {}],
  ['without egress', { egress: 'none' }],
  ['with a layer that has kubectl', { egress: 'none', kubectlLayer: 'arn:aws:lambda:eu-west-1:123456789012:layer:kubectl:1' }],
])('the reference stack of the cluster, %s,', (_, context) => {
  const app: App = validatedApp(addModel, { model: 'cluster', ...context });
  const stack = app.node.findChild('McpClusterModel') as Stack;

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

  test('fits into one template of AWS CloudFormation', () => {
    const { Resources } = Template.fromStack(stack).toJSON();
    expect(Object.keys(Resources).length).toBeLessThan(500);
    expect(JSON.stringify(Template.fromStack(stack).toJSON()).length).toBeLessThan(1_000_000);
  });
});
