import { Lazy, Names, Stack } from 'aws-cdk-lib';
import * as cloudtrail from 'aws-cdk-lib/aws-cloudtrail';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import type { AuditTrail } from './audit-trail';

export interface DataEventTrailProps {
  readonly auditTrail: AuditTrail;
  /** Tables whose writers are recorded, as they are known when the template is written. */
  readonly tableArns: () => readonly string[];
}

const PREFIX = 'cloudtrail';

/** Who reads or writes the archive of audit events, and who writes the tables that decide, by whatever way (HOST-2, LOG-2). Kept in the archive itself. */
export class DataEventTrail extends Construct {
  constructor(scope: Construct, id: string, { auditTrail, tableArns }: DataEventTrailProps) {
    super(scope, id);
    const { account, partition, region } = Stack.of(this);
    const { bucket, encryptionKey } = auditTrail;
    const trailName = Names.uniqueResourceName(this, { maxLength: 128, separator: '-' });
    const principals = [new iam.ServicePrincipal('cloudtrail.amazonaws.com')];
    const conditions = { StringEquals: { 'aws:SourceArn': `arn:${partition}:cloudtrail:${region}:${account}:trail/${trailName}` } };
    const { policyDependable } = bucket.addToResourcePolicy(new iam.PolicyStatement({ principals, conditions, actions: ['s3:GetBucketAcl'], resources: [bucket.bucketArn] }));
    bucket.addToResourcePolicy(new iam.PolicyStatement({ principals, conditions, actions: ['s3:PutObject'], resources: [bucket.arnForObjects(`${PREFIX}/AWSLogs/${account}/*`)] }));
    encryptionKey.addToResourcePolicy(new iam.PolicyStatement({ principals, conditions, actions: ['kms:GenerateDataKey', 'kms:DescribeKey'], resources: ['*'] }));

    const data = (type: string, ...more: cloudtrail.CfnTrail.AdvancedFieldSelectorProperty[]) => [{ field: 'eventCategory', equalTo: ['Data'] }, { field: 'resources.type', equalTo: [type] }, ...more];
    // Not what this trail writes itself.
    const archived = { name: 'Archive of audit events', fieldSelectors: data('AWS::S3::Object', { field: 'resources.ARN', startsWith: [bucket.arnForObjects('events/')] }) };
    const tables = () => (tableArns().length === 0 ? [] : [{ name: 'Tables that decide', fieldSelectors: data('AWS::DynamoDB::Table', { field: 'readOnly', equalTo: ['false'] }, { field: 'resources.ARN', equalTo: [...tableArns()] }) }]);
    const trail = new cloudtrail.CfnTrail(this, 'Resource', {
      trailName,
      isLogging: true,
      enableLogFileValidation: true,
      s3BucketName: bucket.bucketName,
      s3KeyPrefix: PREFIX,
      kmsKeyId: encryptionKey.keyArn,
      advancedEventSelectors: Lazy.any({ produce: () => [archived, ...tables()] }),
    });
    if (policyDependable) trail.node.addDependency(policyDependable);
    acknowledge(trail, { 'NIST.800.53.R5-CloudTrailCloudWatchLogsEnabled': 'these events go to the locked archive; the trail of the account, with its alarms, is the account\'s own' });
  }
}
