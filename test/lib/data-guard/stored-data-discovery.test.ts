import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { StoredDataDiscovery, type StoredDataDiscoveryProps } from '../../../lib';

function templateWith(props: Partial<StoredDataDiscoveryProps> = {}): Template {
  const stack = new Stack(new App(), 'Stack', { env: { account: '123456789012', region: 'eu-west-1' } });
  const bucket = new s3.Bucket(stack, 'Archive', { encryption: s3.BucketEncryption.KMS, encryptionKey: new kms.Key(stack, 'Key') });
  new StoredDataDiscovery(stack, 'StoredData', { buckets: [bucket], eventBus: events.EventBus.fromEventBusName(stack, 'Bus', 'incidents'), ...props });
  return Template.fromStack(stack);
}

/** What a call asks of AWS; names that are known at deployment stand as empty texts. */
function callOf(template: Template, event: 'Create' | 'Delete'): any {
  const [job] = Object.values(template.findResources('Custom::AWS'));
  const text = job!.Properties[event];
  return JSON.parse(typeof text === 'string' ? text : text['Fn::Join'][1].map((part: unknown) => (typeof part === 'string' ? part : '')).join(''));
}

describe('with a bus for incidents', () => {
  const template = templateWith();

  it('DLP-1 Macie looks every day at the buckets, and at no other', () => {
    template.hasResourceProperties('AWS::Macie::Session', { Status: 'ENABLED', FindingPublishingFrequency: 'FIFTEEN_MINUTES' });
    expect(callOf(template, 'Create')).toMatchObject({
      service: 'macie2',
      action: 'createClassificationJob',
      parameters: { jobType: 'SCHEDULED', scheduleFrequency: { dailySchedule: {} }, initialRun: true, s3JobDefinition: { bucketDefinitions: [{ accountId: '123456789012', buckets: [expect.any(String)] }] } },
    });
    expect(JSON.stringify(template.findResources('Custom::AWS'))).toContain('{"Ref":"Archive');
  });

  it('the job is made once Macie is on, and cancelled with the stack', () => {
    template.hasResource('Custom::AWS', { DependsOn: Match.arrayWith([Match.stringLikeRegexp('^StoredDataSession')]) });
    expect(callOf(template, 'Delete')).toMatchObject({ action: 'updateClassificationJob', parameters: { jobStatus: 'CANCELLED' } });
  });

  it('whoever makes the job may do that and nothing else', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [{ Effect: 'Allow', Action: ['macie2:CreateClassificationJob', 'macie2:UpdateClassificationJob'], Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':macie2:eu-west-1:123456789012:classification-job/*']] } }] },
    });
  });

  it("Macie's own role, and it alone, may decrypt what it reads", () => {
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({ Sid: 'MacieReads', Action: 'kms:Decrypt', Condition: { ArnEquals: { 'aws:PrincipalArn': { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::123456789012:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie']] } }, StringEquals: { 'kms:CallerAccount': '123456789012' } } }),
        ]),
      },
    });
  });

  it('DLP-1 its findings about these buckets go to the bus', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['aws.macie'], 'detail-type': ['Macie Finding'], detail: { resourcesAffected: { s3Bucket: { name: [{ Ref: Match.stringLikeRegexp('^Archive') }] } } } },
      Targets: [Match.objectLike({ Arn: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('event-bus/incidents$')])] } })],
    });
  });
});

it('leaves an account alone that has Macie, and a bus that was not named', () => {
  const template = templateWith({ enableMacie: false, eventBus: undefined });
  template.resourceCountIs('AWS::Macie::Session', 0);
  template.resourceCountIs('AWS::Events::Rule', 0);
  template.resourceCountIs('Custom::AWS', 1);
});

it('says so where it is given no bucket', () => {
  expect(() => templateWith({ buckets: [] })).toThrow(/names no bucket/);
});
