import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as events from 'aws-cdk-lib/aws-events';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { AccessGrants, BlockList } from '../../access-grants';
import type { McpWebAcl } from '../../gateway';
import type { ToolRegistry } from '../../registry';
import type { ClusterResponder } from './cluster-responder';

/** How severe an incident is. */
export enum IncidentSeverity {
  LOW = 'low',
  MEDIUM = 'medium',
  HIGH = 'high',
  CRITICAL = 'critical',
}

/** The categories of incidents (IR-1). */
export enum IncidentKind {
  TOOL_POISONING = 'tool_poisoning',
  UNAUTHORISED_ACCESS = 'unauthorised_access',
  EXFILTRATION = 'exfiltration',
  SERVER_COMPROMISE = 'server_compromise',
  DENIAL_OF_SERVICE = 'denial_of_service',
}

/** What takes something away from somebody, and can give it back (IR-2). */
export enum ContainmentAction {
  QUARANTINE_TOOL = 'quarantine_tool',
  REVOKE_GRANTS = 'revoke_grants',
  BLOCK_PRINCIPAL = 'block_principal',
  BLOCK_SERVER = 'block_server',
  BLOCK_ADDRESS = 'block_address',
  ISOLATE_WORKLOAD = 'isolate_workload',
  STOP_WORKLOAD = 'stop_workload',
}

/** How far a response goes by itself, and what it can take hold of. */
export interface IncidentResponseOptions {
  /**
   * Containments of incidents at least as severe are carried out without asking (SOC-3).
   *
   * @default IncidentSeverity.HIGH
   */
  readonly automaticFrom?: IncidentSeverity;

  /**
   * Containments that always wait for a person.
   *
   * @default - `ContainmentAction.STOP_WORKLOAD`
   */
  readonly approvalFor?: ContainmentAction[];

  /**
   * Subjects that are never contained without a person: `address 192.0.2.1`, `principal Agent batch of https://login.example.com`, `tool files/read`.
   *
   * @default - none
   */
  readonly protectedSubjects?: string[];

  /**
   * Write down what would be done, and do nothing.
   *
   * @default false
   */
  readonly dryRun?: boolean;

  /**
   * How long a containment waits for a person's word. Afterwards it can still be approved, and is carried out then.
   *
   * @default Duration.days(1)
   */
  readonly decisionTime?: Duration;

  /**
   * How long nobody can delete or change evidence, the root user included.
   *
   * @default Duration.days(365)
   */
  readonly evidenceRetention?: Duration;

  /**
   * Copy the disks of the nodes on which the pods of a compromised server run, and lock the copies for `evidenceRetention`. What other pods of these nodes
   * wrote is in them too.
   *
   * @default true
   */
  readonly diskSnapshots?: boolean;
}

/** Properties for the response to incidents. */
export interface IncidentResponseProps extends IncidentResponseOptions {
  /**
   * Its tools can be quarantined, and its changes tell of poisoned ones.
   *
   * @default - no tool is quarantined
   */
  readonly registry?: ToolRegistry;

  /**
   * Its kill switch blocks principals, servers and addresses, and its grants can be set aside.
   *
   * @default - nobody is blocked
   */
  readonly accessGrants?: AccessGrants;

  /**
   * Blocks principals, servers and addresses in a gateway without grants.
   *
   * @default - `accessGrants` do
   */
  readonly blockList?: BlockList;

  /**
   * Blocks addresses at the edge.
   *
   * @default - addresses are blocked in the gateway alone, where there are grants
   */
  readonly webAcl?: McpWebAcl;

  /**
   * Network of the services of Amazon ECS that can be cut off, which `addEcsService` names.
   *
   * @default - no service is cut off
   */
  readonly vpc?: ec2.IVpc;

  /**
   * What reaches a cluster whose Deployments can be cut off, which `addDeployment` names.
   *
   * @default - no Deployment is cut off
   */
  readonly clusterResponder?: ClusterResponder;

  /**
   * Where events come from: the registry, GuardDuty, alarms, and whoever reports incidents.
   *
   * @default - the default bus of the account
   */
  readonly eventBus?: events.IEventBus;

  /**
   * Key that encrypts everything.
   *
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Where access to the evidence is logged.
   *
   * @default - a new bucket
   */
  readonly accessLogBucket?: s3.Bucket;

  /**
   * How long logs are kept.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to the table, the key and the logs when the response is deleted. Evidence stays in any case.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** What an alarm means. */
export interface AlarmIncident {
  /** What kind of incident it is: a compromise of the server, or poisoning or exfiltration by one of its tools. */
  readonly kind: IncidentKind;

  /**
   * How severe it is.
   *
   * @default IncidentSeverity.MEDIUM
   */
  readonly severity?: IncidentSeverity;

  /** The server that it is about. */
  readonly server: string;

  /**
   * The tool that it is about.
   *
   * @default - the server as a whole
   */
  readonly tool?: string;
}
