import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

/** What a gateway does with its policies, whether it decides itself or asks the service. */
export const DECIDE = [
  'verifiedpermissions:GetPolicyStore', 'verifiedpermissions:GetSchema', 'verifiedpermissions:ListPolicies', 'verifiedpermissions:GetPolicy', 'verifiedpermissions:GetPolicyTemplate', 'verifiedpermissions:BatchGetPolicy',
  'verifiedpermissions:IsAuthorized',
];
export const READ_SECRET = ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'];
const LOG = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogGroups', 'logs:DescribeLogStreams', 'logs:GetLogEvents', 'logs:FilterLogEvents'];
const TRACE = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:PutSpans', 'xray:PutSpansForIndexing', 'cloudwatch:PutMetricData'];
const PULL = ['ecr:GetAuthorizationToken', 'ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
const USE_KEYS = ['kms:Decrypt', 'kms:Encrypt', 'kms:ReEncryptFrom', 'kms:ReEncryptTo', 'kms:GenerateDataKey', 'kms:DescribeKey', 'kms:GetPublicKey', 'kms:Sign'];
const KEEP_DATA = [
  'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:Query', 'dynamodb:BatchGetItem', 'dynamodb:DeleteItem', 's3:GetObject', 's3:PutObject', 's3:ListBucket',
];
/** Of functions in a VPC. These actions know no resources. */
const ATTACH_TO_VPC = [
  'ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets', 'ec2:DeleteNetworkInterface', 'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses',
];

/**
 * Bounds every role in a scope: none can make principals, change networks, or touch what another account owns, whatever its policies say.
 *
 * @returns the boundary
 */
export function boundRoles(scope: Construct): iam.ManagedPolicy {
  const boundary = new iam.ManagedPolicy(scope, 'PermissionsBoundary', {
    description: 'What no role of an MCP security zone can exceed',
    statements: [
      new iam.PolicyStatement({
        actions: [...LOG, ...TRACE, ...PULL, ...READ_SECRET, ...USE_KEYS, ...DECIDE, ...KEEP_DATA],
        resources: ['*'],
        // Absent where an action knows no resources.
        conditions: { StringEqualsIfExists: { 'aws:ResourceAccount': Stack.of(scope).account } },
      }),
      new iam.PolicyStatement({ actions: ATTACH_TO_VPC, resources: ['*'] }),
    ],
  });
  acknowledge(boundary, { 'AwsSolutions-IAM5[Resource::*]': 'a boundary grants nothing: it bounds what the policies of each role grant, which name their resources' });
  iam.PermissionsBoundary.of(scope).apply(boundary);
  return boundary;
}
