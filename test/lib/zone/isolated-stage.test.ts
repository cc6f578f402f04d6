import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { CfnPolicy } from 'aws-cdk-lib/aws-verifiedpermissions';
import { Construct } from 'constructs';
import { ApiGatewayCentric, IsolatedStage } from '../../../lib';

const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555';
const ISSUER = (name: string) => [{ issuer: `https://${name}.example.com`, jwksUri: `https://${name}.example.com/jwks.json` }];

/** An app with a stack of the stage dev and one of the stage prod. */
function stages(build: (dev: Stack, prod: Stack) => void): () => void {
  const app = new App();
  const [dev, prod] = [new Stack(app, 'Dev'), new Stack(app, 'Prod')];
  IsolatedStage.assign(dev, 'dev');
  IsolatedStage.assign(prod, 'prod');
  build(dev, prod);
  return () => void app.synth();
}

const bucketWith = (scope: Construct, encryptionKey: kms.IKey) => new s3.Bucket(scope, 'Bucket', { encryption: s3.BucketEncryption.KMS, encryptionKey });
const roleTrusting = (scope: Construct, principal: iam.IPrincipal) => new iam.Role(scope, 'Role', { assumedBy: principal });

test('MUL-7 stages that share nothing are synthesized', () => {
  expect(stages((dev, prod) => {
    for (const [stack, name] of [[dev, 'dev'], [prod, 'prod']] as const) {
      bucketWith(stack, new kms.Key(stack, 'Key'));
      roleTrusting(stack, new iam.ServicePrincipal('lambda.amazonaws.com'));
      new ApiGatewayCentric(stack, 'Mcp', { tokenIssuers: ISSUER(name) });
    }
  })).not.toThrow();
});

describe('MUL-7 the synthesis fails where stages share', () => {
  test('a resource: one of them refers to what is the other\'s', () => {
    expect(stages((dev, prod) => bucketWith(prod, new kms.Key(dev, 'Key')))).toThrow('Prod/Bucket/Resource of the stage prod refers to Dev/Key/Resource of the stage dev');
  });

  test('a key that is defined elsewhere', () => {
    expect(stages((dev, prod) => [dev, prod].forEach((stack) => bucketWith(stack, kms.Key.fromKeyArn(stack, 'Key', KEY))))).toThrow(`the stages prod and dev share the key ${KEY}: Prod/Bucket/Resource and Dev/Bucket/Resource use it`);
  });

  test('a policy store that is defined elsewhere', () => {
    const policy = (scope: Construct) => new CfnPolicy(scope, 'Policy', { policyStoreId: 'store-1', definition: { static: { statement: 'permit (principal, action, resource);' } } });
    expect(stages((dev, prod) => [dev, prod].forEach(policy))).toThrow('share the policy store store-1');
  });

  test('who authenticates: a token of dev would be one of prod', () => {
    expect(stages((dev, prod) => [dev, prod].forEach((stack) => new ApiGatewayCentric(stack, 'Mcp', { tokenIssuers: ISSUER('login') })))).toThrow('share the token issuer https://login.example.com');
  });

  test.each([
    ['an account', () => new iam.AccountPrincipal('123456789012')],
    ['a role', () => new iam.ArnPrincipal('arn:aws:iam::123456789012:role/deploy')],
  ])('whom they trust: %s', (_, principal) => {
    expect(stages((dev, prod) => [dev, prod].forEach((stack) => roleTrusting(stack, principal())))).toThrow(/share the trusted principal .*123456789012/);
  });
});

test('trust in a role of another stage is a reference to it', () => {
  expect(stages((dev, prod) => roleTrusting(prod, new iam.ArnPrincipal(roleTrusting(dev, new iam.ServicePrincipal('lambda.amazonaws.com')).roleArn)))).toThrow('refers to Dev/Role/Resource of the stage dev');
});

test('what is of no stage may be shared', () => {
  const app = new App();
  const [tools, prod] = [new Stack(app, 'Tools'), new Stack(app, 'Prod')];
  IsolatedStage.assign(prod, 'prod');
  bucketWith(prod, new kms.Key(tools, 'Key'));
  expect(() => app.synth()).not.toThrow();
});

test('a construct is of the stage of what it is in, and of one only', () => {
  const stack = new Stack(new App(), 'Stack');
  const inner = new Construct(stack, 'Inner');
  expect(IsolatedStage.of(inner)).toBeUndefined();
  IsolatedStage.assign(stack, 'dev');
  IsolatedStage.assign(inner, 'dev');
  expect(IsolatedStage.of(inner)).toBe('dev');
  expect(() => IsolatedStage.assign(inner, 'prod')).toThrow('"Stack/Inner" is of the stage "dev" already');
  expect(() => IsolatedStage.assign(new Stack(new App(), 'Other'), 'Prod!')).toThrow('the stage is "Prod!", expected lower-case letters');
});
