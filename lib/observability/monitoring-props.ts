import type { Duration, Size } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { AccessGrants } from '../access-grants';
import type { McpServingGateway, McpWebAcl } from '../gateway';
import type { IToolRegistry } from '../registry';
import type { AuditTrail } from './audit-trail';

/** What monitoring can be told, whatever it watches. */
export interface MonitoringOptions {
  /**
   * Where alarms go. Its policy, and that of its key, have to let CloudWatch publish.
   *
   * @default - a new encrypted topic, `alarmTopic`
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * How long 99 of 100 requests may take before it is an alarm, for 15 minutes. Streams that wait for news do not count.
   *
   * @default Duration.seconds(10)
   */
  readonly latencyThreshold?: Duration;

  /**
   * Tokens from one address that are refused within 5 minutes before it is an alarm (LOG-3).
   *
   * @default 20
   */
  readonly failedSignInThreshold?: number;

  /**
   * The largest answer of a tool that is no alarm (DLP-3). What is unusually large below it is one too, once CloudWatch knows what is usual.
   *
   * @default Size.mebibytes(4)
   */
  readonly responseSizeThreshold?: Size;

  /**
   * Let the gateway's code watch how principals and tools behave, as far as each of its processes sees it: `context.risk` of the policies, and
   * detections in the audit trail (CV-2, TB-1).
   *
   * @default true
   */
  readonly watchBehaviour?: boolean;
}

/** Properties for the monitoring of a gateway. */
export interface MonitoringProps extends MonitoringOptions {
  /** The gateway. */
  readonly gateway: McpServingGateway;

  /**
   * Its registry of tools: definitions that changed or are stopped.
   *
   * @default - none
   */
  readonly registry?: IToolRegistry;

  /**
   * Its just-in-time grants, and the kill switch.
   *
   * @default - none
   */
  readonly accessGrants?: AccessGrants;

  /**
   * The web ACL in front of it: requests that are blocked.
   *
   * @default - that of the gateway, where it has one
   */
  readonly webAcl?: McpWebAcl;

  /**
   * The trail of its events, whose delivery is watched.
   *
   * @default - none
   */
  readonly auditTrail?: AuditTrail;

  /**
   * Key that encrypts the topic that is made.
   *
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: kms.IKey;
}
