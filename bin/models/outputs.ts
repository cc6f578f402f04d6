import { CfnOutput } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import type { Observability } from '../../lib';

/** Where to subscribe, what to verify the archive with, and what does not watch. */
export function addObservabilityOutputs(stack: Stack, { auditTrail, monitoring, response, threatDetection }: Observability): void {
  new CfnOutput(stack, 'AlarmTopic', { value: monitoring.alarmTopic.topicArn });
  new CfnOutput(stack, 'AuditArchive', { value: auditTrail.bucket.bucketName });
  new CfnOutput(stack, 'AuditSigningKey', { value: auditTrail.signingKey.keyArn });
  if (threatDetection.plansLeftOff !== undefined) new CfnOutput(stack, 'PlansLeftOff', { value: threatDetection.plansLeftOff });
  new CfnOutput(stack, 'ResponseTable', { value: response.tableName });
  new CfnOutput(stack, 'ResponseUrl', { value: response.decisionUrl });
  new CfnOutput(stack, 'RespondersTopic', { value: response.respondersTopic.topicArn });
}
