import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as events from 'aws-cdk-lib/aws-events';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';

/** Where approvers sign in to the approval page: an OAuth 2.1 authorization server, by the authorization code flow with PKCE. */
export interface ApproverSignIn {
  /** URL of the authorization endpoint. */
  readonly authorizationEndpoint: string;

  /** URL of the token endpoint. */
  readonly tokenEndpoint: string;

  /** Id of a public client that is registered with the redirect URI `<gatewayUrl>/approvals/callback`. */
  readonly clientId: string;

  /**
   * Scopes to ask for.
   *
   * @default - none
   */
  readonly scopes?: string[];
}

/** Properties for just-in-time grants. */
export interface AccessGrantsProps {
  /** Where approvers sign in. Their tokens are for the resource `<gatewayUrl>/grants`. */
  readonly signIn: ApproverSignIn;

  /**
   * The longest that a grant may last, whatever the policies say; at most 12 hours.
   *
   * @default Duration.hours(1)
   */
  readonly maxLifetime?: Duration;

  /**
   * The most calls that a grant may be for.
   *
   * @default 20
   */
  readonly maxUses?: number;

  /**
   * How long a request waits for people to decide; at most a day.
   *
   * @default Duration.minutes(15)
   */
  readonly decisionTime?: Duration;

  /**
   * Where each step of a grant and each use of the kill switch is announced, with the source `mcp-zero-trust.grants`.
   *
   * @default - the account's default bus
   */
  readonly eventBus?: events.IEventBus;

  /**
   * Put what waits for approvers and tells them into a nested stack, where a template would hold more resources than AWS CloudFormation takes.
   *
   * @default false
   */
  readonly nested?: boolean;

  /**
   * Key that encrypts the table, the topic and logs.
   *
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How long logs are kept.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Refuse to delete the table, whoever asks.
   *
   * @default true
   */
  readonly deletionProtection?: boolean;

  /**
   * What happens to table, key and logs when the grants are deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
