import type * as events from 'aws-cdk-lib/aws-events';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { AccessGrants, BlockList } from '../access-grants';
import type { McpServingGateway } from '../gateway';
import type { IToolRegistry } from '../registry';
import type { AuditTrail } from './audit-trail';
import type { ProtectionPlan } from './protection-plan';

/** What threat detection can be told, whatever it guards. */
export interface ThreatDetectionOptions {
  /**
   * Make sure that Amazon GuardDuty watches this account and region. An account has one detector in a region: one that is there is kept, whoever
   * made it, and what is off, the detector itself or some of `protectionPlans`, is switched on, unless the administrator of an organization decides on it.
   * That is looked after at every deployment and every day. Nothing is switched off when the construct is deleted.
   *
   * @default true
   */
  readonly guardDuty?: boolean;

  /**
   * Id of the detector of this account and region.
   *
   * @default - found when it is deployed, or made
   */
  readonly existingDetectorId?: string;

  /**
   * What GuardDuty looks at, besides what it always does.
   *
   * @default - S3, LAMBDA and MALWARE
   */
  readonly protectionPlans?: ProtectionPlan[];

  /**
   * Make sure that AWS Security Hub is on, without standards, and send findings of the gateway to it.
   *
   * @default true
   */
  readonly securityHub?: boolean;

  /**
   * Make sure that Amazon Inspector scans images and functions of this account.
   *
   * @default true
   */
  readonly inspector?: boolean;

  /**
   * Record in AWS CloudTrail who reads and writes the archive of audit events, and who writes the tables that decide: of the registry, of
   * grants or whom the gateway refuses, and of the response. Only with `auditTrail`, which keeps the record.
   *
   * @default true
   */
  readonly dataEvents?: boolean;
}

/** Properties for threat detection around a gateway. */
export interface ThreatDetectionProps extends ThreatDetectionOptions {
  /** The gateway. */
  readonly gateway: McpServingGateway;

  /**
   * Its audit trail.
   *
   * @default - no data events are recorded
   */
  readonly auditTrail?: AuditTrail;

  /**
   * Its registry of tools.
   *
   * @default - none
   */
  readonly registry?: IToolRegistry;

  /**
   * Its just-in-time grants.
   *
   * @default - none
   */
  readonly accessGrants?: AccessGrants;

  /**
   * Whom it refuses at once, where there are no grants.
   *
   * @default - none
   */
  readonly blockList?: BlockList;

  /**
   * Bus that incidents go to, as `MCP Security Incident` events of the source `mcp-zero-trust.security`.
   *
   * @default - the default bus of the account
   */
  readonly eventBus?: events.IEventBus;

  /**
   * Hears of findings of GuardDuty that are of high severity, and of what keeps findings from being made or told. Its policy, and that of its key, have to let EventBridge and CloudWatch publish.
   *
   * @default - nobody does
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * Key that encrypts logs.
   *
   * @default - that of the gateway
   */
  readonly encryptionKey?: kms.IKey;
}

