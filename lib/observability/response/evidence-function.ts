import { Duration, Stack } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from '../../private/acknowledge';
import { wildcardFinding } from '../../private/wildcard-finding';
import { RegistryVariable } from '../../registry/environment';
import { grantTableAccess as grantRegistryTable, KNOWLEDGE } from '../../registry/table-access';
import { acknowledgeObjects } from '../objects';
import { ResponseVariable } from './environment';
import { ACTING } from './function';
import type { ResponseFunction, ResponseFunctionProps } from './function';
import type { IncidentResponseProps } from './incident-response-props';
import type { Patience } from './workflow';

/** A function of the response, as far as it is not like all others. */
export type Definition = Pick<ResponseFunctionProps, 'bundle' | 'description' | 'timeout'> & { readonly environment?: Record<string, string> };

export interface EvidenceFunctionProps extends IncidentResponseProps {
  readonly define: (name: string, definition: Definition) => ResponseFunction;
  readonly evidenceBucket: s3.Bucket;
  readonly encryptionKey: kms.IKey;
  /** JSON of what is known when the template is written. */
  readonly lazily: (produce: () => object) => string;
}

/** What is read at all is read in 20 seconds (`lambda/response/executors/evidence.ts`). */
const EVIDENCE_TIME = Duration.seconds(28);

/** What cuts a workload off comes after the evidence, and waits for it no longer than a minute: two tries, and 2 seconds between them. */
export const PATIENCE_FOR_EVIDENCE: Patience = { timeout: Duration.seconds(29), retries: 1 };

/** Tag of copies of disks (`lambda/response/executors/aws-evidence/node-disks.ts`). */
const INCIDENT_TAG = 'mcp-zero-trust:incident';

/**
 * The function that keeps evidence: it reads what is known of an incident and of the workloads that it is about, and writes each file once.
 *
 * Control: IR-2, LOG-4.
 */
export class EvidenceFunction {
  readonly function: ResponseFunction;

  private readonly auditLogs: string[] = [];
  private readonly lines: Record<string, object> = {};

  constructor(
    private readonly scope: Construct,
    props: EvidenceFunctionProps,
  ) {
    const { registry, vpc, clusterResponder, evidenceBucket, encryptionKey, evidenceRetention = Duration.days(365), diskSnapshots = true } = props;
    const copiesDisks = clusterResponder !== undefined && diskSnapshots;
    const { region, urlSuffix } = Stack.of(scope);
    this.function = props.define('Evidence', {
      bundle: ACTING,
      description: 'Keeps copies of evidence',
      timeout: EVIDENCE_TIME,
      environment: {
        [ResponseVariable.EVIDENCE_BUCKET]: evidenceBucket.bucketName,
        [ResponseVariable.EVIDENCE]: props.lazily(() => ({ auditLogs: this.auditLogs, lines: this.lines, ...(copiesDisks && { diskLockDays: evidenceRetention.toDays() }) })),
        [ResponseVariable.URL_SUFFIX]: urlSuffix,
        ...(registry && { [RegistryVariable.TABLE]: registry.tableName }),
        ...clusterResponder?._environment(),
      },
    });
    this.function.allow(['s3:PutObject'], [evidenceBucket.arnForObjects('incidents/*')]);
    acknowledgeObjects(this.function, evidenceBucket, ['incidents/'], 'each incident has objects of its own, which are written once');
    this.function.allow(['kms:GenerateDataKey', 'kms:Decrypt'], [encryptionKey.keyArn], { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } });
    if (registry) grantRegistryTable(registry, this.function, { read: KNOWLEDGE });
    clusterResponder?._grantAsk(this.function);
    if (vpc) this.function.allow(['ecs:DescribeTaskDefinition'], ['*']);
    // None of these knows resources; all of them read.
    if (vpc || clusterResponder) this.function.allow(['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSecurityGroups', 'cloudtrail:LookupEvents'], ['*']);
    if (clusterResponder) this.function.allow(['ec2:DescribeInstances'], ['*']);
    if (copiesDisks) this.letCopyDisks(clusterResponder.cluster.clusterName);
    acknowledge(this.function, { 'AwsSolutions-IAM5[Resource::*]': 'lookups in CloudTrail, descriptions by EC2 and ECS, and lists of tasks know no resources; all of them read, and those of tasks name their cluster' });
  }

  /** Reads what a service of Amazon ECS runs. */
  reachService(service: ecs.IBaseService): void {
    this.function.allow(['ecs:DescribeServices'], [service.serviceArn]);
    // Neither action knows services; both know clusters.
    this.function.allow(['ecs:ListTasks', 'ecs:DescribeTasks'], ['*'], { ArnEquals: { 'ecs:cluster': service.cluster.clusterArn } });
  }

  /** Keeps the last audit events of a gateway. */
  readAudit(logGroup: logs.ILogGroup): void {
    this.auditLogs.push(logGroup.logGroupName);
    this.read(logGroup);
  }

  /** Keeps what the containers of a server wrote last. */
  readLines(server: string, logGroup: logs.ILogGroup, filterPattern?: string): void {
    this.lines[server] = { logGroup: logGroup.logGroupName, filterPattern };
    this.read(logGroup);
  }

  private read(logGroup: logs.ILogGroup): void {
    this.function.allow(['logs:FilterLogEvents'], [logGroup.logGroupArn]);
    acknowledge(this.function, { [wildcardFinding(this.function, logGroup.logGroupArn)]: 'the wildcard is all streams of one log group, which the function alone reads for evidence' });
  }

  /** Copies of the disks of this cluster's nodes, each for an incident; nobody is shown one, and none is deleted. */
  private letCopyDisks(clusterName: string): void {
    const { account, partition, region } = Stack.of(this.scope);
    const [instances, volumes, snapshots] = [`arn:${partition}:ec2:${region}:${account}:instance/*`, `arn:${partition}:ec2:${region}:${account}:volume/*`, `arn:${partition}:ec2:${region}::snapshot/*`] as const;
    this.function.allow(['ec2:DescribeSnapshots'], ['*']);
    // All disks of an instance, and so no disk of any other.
    this.function.allow(['ec2:CreateSnapshots'], [instances], { StringEquals: { 'aws:ResourceTag/eks:cluster-name': clusterName } });
    this.function.allow(['ec2:CreateSnapshots'], [volumes]);
    this.function.allow(['ec2:CreateSnapshots'], [snapshots], { Null: { [`aws:RequestTag/${INCIDENT_TAG}`]: 'false' } });
    this.function.allow(['ec2:CreateTags'], [snapshots], { StringEquals: { 'ec2:CreateAction': 'CreateSnapshots' } });
    this.function.allow(['ec2:LockSnapshot'], [snapshots], { Null: { [`aws:ResourceTag/${INCIDENT_TAG}`]: 'false' } });
    const reason = 'which disks the nodes have is known when something happened to one of them; instances are bound by the tag of their cluster, copies by that of an incident';
    acknowledge(this.function, Object.fromEntries([instances, volumes, snapshots].map((arn) => [wildcardFinding(this.function, arn), reason])));
  }
}
