import { Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as macie from 'aws-cdk-lib/aws-macie';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as cr from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { AwsCall } from '../private/aws-call';
import { acknowledge } from '../private/acknowledge';
import { wildcardFinding } from '../private/wildcard-finding';

/** Properties for the discovery of sensitive data in what is stored. */
export interface StoredDataDiscoveryProps {
  /** Buckets of this account in which results, or what is told of them, are stored, such as the archive of an audit trail. */
  readonly buckets: s3.IBucket[];

  /**
   * Switch Amazon Macie on. It is on once in an account and Region: `false` where it is already.
   *
   * @default true
   */
  readonly enableMacie?: boolean;

  /**
   * Bus that findings are sent on to, such as that of incidents.
   *
   * @default - findings are on the default bus of the account, where Macie puts them
   */
  readonly eventBus?: events.IEventBus;
}

/**
 * Has Amazon Macie look every day for sensitive data in what is stored of results (DLP-1): what a guard let pass, or what was written by something
 * that has no guard. A gateway itself stores no result; its audit trail holds findings, and the internals of errors.
 *
 * @example
 * new StoredDataDiscovery(this, 'StoredData', { buckets: [auditTrail.bucket], eventBus: incidentBus });
 */
export class StoredDataDiscovery extends Construct {
  constructor(scope: Construct, id: string, props: StoredDataDiscoveryProps) {
    super(scope, id);
    const { buckets, enableMacie = true, eventBus } = props;
    if (buckets.length === 0) throw new Error('buckets names no bucket, expected at least one in which something is stored');
    const job = this.createJob(buckets);
    if (enableMacie) job.node.addDependency(new macie.CfnSession(this, 'Session', { status: 'ENABLED', findingPublishingFrequency: 'FIFTEEN_MINUTES' }));
    for (const bucket of buckets) this.letMacieDecrypt(bucket);
    if (eventBus !== undefined) this.sendOn(buckets, eventBus);
  }

  /** AWS CloudFormation has no resource for a job. Nothing of one can be changed: another one takes its place, and it is cancelled. */
  private createJob(buckets: readonly s3.IBucket[]): AwsCall {
    const { account, partition, region } = Stack.of(this);
    const jobs = `arn:${partition}:macie2:${region}:${account}:classification-job/*`;
    const create: cr.AwsSdkCall = {
      service: 'macie2',
      action: 'createClassificationJob',
      parameters: {
        name: this.node.path.replaceAll(/[^A-Za-z0-9_.-]/g, '-').slice(-200),
        description: 'Sensitive data in what an MCP gateway stores',
        jobType: 'SCHEDULED',
        scheduleFrequency: { dailySchedule: {} },
        initialRun: true,
        managedDataIdentifierSelector: 'RECOMMENDED',
        s3JobDefinition: { bucketDefinitions: [{ accountId: account, buckets: buckets.map(({ bucketName }) => bucketName) }] },
      },
      physicalResourceId: cr.PhysicalResourceId.fromResponse('jobId'),
      outputPaths: ['jobId'],
    };
    const job = new AwsCall(this, 'Job', {
      onCreate: create,
      onUpdate: create,
      onDelete: {
        service: 'macie2',
        action: 'updateClassificationJob',
        parameters: { jobId: new cr.PhysicalResourceIdReference(), jobStatus: 'CANCELLED' },
        outputPaths: ['$metadata.requestId'],
        // Cancelled already, by a person or because Macie was switched off.
        ignoreErrorCodesMatching: 'ValidationException|ResourceNotFoundException|AccessDeniedException',
      },
      policy: cr.AwsCustomResourcePolicy.fromStatements([new iam.PolicyStatement({ actions: ['macie2:CreateClassificationJob', 'macie2:UpdateClassificationJob'], resources: [jobs] })]),
    });
    acknowledge(job, { [wildcardFinding(this, jobs)]: 'Macie chooses the id of a job when it is made' });
    return job;
  }

  /** Macie reads by the role that it has of itself in every account, which a bucket's own key has to know. */
  private letMacieDecrypt({ encryptionKey }: s3.IBucket): void {
    const { account, partition } = Stack.of(this);
    encryptionKey?.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'MacieReads',
        actions: ['kms:Decrypt'],
        principals: [new iam.AnyPrincipal()],
        resources: ['*'],
        // By condition: a policy cannot name as its principal a role that comes to be only when Macie is switched on.
        conditions: { ArnEquals: { 'aws:PrincipalArn': `arn:${partition}:iam::${account}:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie` }, StringEquals: { 'kms:CallerAccount': account } },
      }),
    );
  }

  private sendOn(buckets: readonly s3.IBucket[], eventBus: events.IEventBus): void {
    const role = new iam.Role(this, 'Sender', { assumedBy: new iam.ServicePrincipal('events.amazonaws.com') });
    acknowledge(role, { 'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is for one rule that sends to one bus, and lives and dies with it' });
    new events.Rule(this, 'Findings', {
      description: 'Sends findings of Macie about what an MCP gateway stores on to where incidents are',
      eventPattern: { source: ['aws.macie'], detailType: ['Macie Finding'], detail: { resourcesAffected: { s3Bucket: { name: buckets.map(({ bucketName }) => bucketName) } } } },
      targets: [new targets.EventBus(eventBus, { role })],
    });
  }
}
