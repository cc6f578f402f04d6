import { CfnOutput } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import type { Observability } from '../../lib';

/** Where to subscribe, and what to verify the archive with. */
export function addObservabilityOutputs(stack: Stack, { auditTrail, monitoring, response }: Observability): void {
  new CfnOutput(stack, 'AlarmTopic', { value: monitoring.alarmTopic.topicArn });
  new CfnOutput(stack, 'AuditArchive', { value: auditTrail.bucket.bucketName });
  new CfnOutput(stack, 'AuditSigningKey', { value: auditTrail.signingKey.keyArn });
  new CfnOutput(stack, 'ResponseTable', { value: response.tableName });
  new CfnOutput(stack, 'ResponseUrl', { value: response.decisionUrl });
  new CfnOutput(stack, 'RespondersTopic', { value: response.respondersTopic.topicArn });
}
