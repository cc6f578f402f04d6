import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as events from 'aws-cdk-lib/aws-events';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { SecondOpinion } from './second-opinion';

/** Which definitions two different people have to approve (MUL-10). */
export enum TwoPersonRule {
  /** Those that may destroy something or reach the open world, and those that `sensitiveTools` names. */
  SENSITIVE = 'sensitive',
  /** All. */
  ALWAYS = 'always',
  /** None. */
  NEVER = 'never',
}

/** Properties for a registry of tools. */
export interface ToolRegistryProps {
  /**
   * Which definitions two different people have to approve (MUL-10).
   *
   * @default TwoPersonRule.SENSITIVE
   */
  readonly twoPersons?: TwoPersonRule;

  /**
   * Tools that are sensitive whatever they say of themselves, as `server/tool`; `*` stands for any text.
   *
   * @default - none
   */
  readonly sensitiveTools?: string[];

  /**
   * How long an approval holds before it has to be renewed (TV-4).
   *
   * @default Duration.days(90)
   */
  readonly approvalPeriod?: Duration;

  /**
   * How long before an approval ends people are asked to renew it.
   *
   * @default Duration.days(14)
   */
  readonly renewalNotice?: Duration;

  /**
   * After how long without a decision people are asked again.
   *
   * @default Duration.days(7)
   */
  readonly reminderInterval?: Duration;

  /**
   * How often all servers are asked what they offer, and all that is known is scanned again. A gateway meets a change of a tool
   * that is used at once, whatever this says.
   *
   * @default Duration.hours(1)
   */
  readonly rescanInterval?: Duration;

  /**
   * How often the head of the log is signed again. A gateway that sees none younger than four times this serves nothing: a
   * store that shows an old state for ever is found out.
   *
   * @default Duration.minutes(15)
   */
  readonly headRenewalInterval?: Duration;

  /**
   * Who else is asked about definitions that the detector is not sure of.
   *
   * @default - nobody
   */
  readonly secondOpinion?: SecondOpinion;

  /**
   * The bus on which every change of a definition's state is announced.
   *
   * @default - the default bus of the account
   */
  readonly eventBus?: events.IEventBus;

  /**
   * Put the reviews, with their workflows, rules and alarms and the key that signs, into a nested stack, where a template would hold more resources than AWS CloudFormation takes.
   *
   * @default false
   */
  readonly nested?: boolean;

  /**
   * Refuse to delete the table, whoever asks.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * Key that encrypts table, review requests and logs.
   *
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How long logs are kept, the record of every step among them.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to table, keys and logs when the registry is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Network of the function that asks the servers, for servers that only it reaches.
   *
   * @default - not in a VPC
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Subnets of that function.
   *
   * @default - the private subnets of `vpc`
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups of that function.
   *
   * @default - one that allows connections to anywhere over HTTPS
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/** An MCP server whose tools a registry knows. */
export interface RegisteredServerOptions {
  /** Where the server speaks Streamable HTTP, an https URL. */
  readonly url: string;

  /**
   * The server's own credential: a JSON object of header names and values.
   *
   * @default - it is asked without a credential
   */
  readonly headersSecret?: secretsmanager.ISecret;

  /**
   * Reach the server without TLS, where the network protects the connection (NET-4).
   *
   * @default false
   */
  readonly unsafeAllowPlainHttp?: boolean;
}
