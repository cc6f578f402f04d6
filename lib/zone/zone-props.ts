import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { ZoneEgressProps } from './egress/egress-props';
import type { ZoneTier } from './tier';

/** Properties for a security zone. */
export interface SecurityZoneProps {
  /**
   * Private addresses of the zone's own VPC, from /16 to /20.
   *
   * @default '10.80.0.0/20'
   */
  readonly cidr?: string;

  /**
   * Availability zones of the zone's own VPC, 2 or 3. A stack without a fixed account and region has 2.
   *
   * @default 2
   */
  readonly maxAzs?: number;

  /**
   * A VPC that is there already. Synthesis says what it lacks as far as its definition tells; its network ACLs and routes stay its
   * owner's, and egress cannot be declared.
   *
   * @default - the zone makes its own
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Subnets of the given VPC.
   *
   * @default - its isolated subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Take subnets of the given VPC that have a route out. Then security groups are the only wall.
   *
   * @default false
   */
  readonly unsafeRoutesOut?: boolean;

  /**
   * Organization (`o-...`) whose principals may use the zone's endpoints.
   *
   * @default - only principals of this account
   */
  readonly organizationId?: string;

  /**
   * How declared egress is guarded.
   *
   * @default - server names are read and nothing is decrypted; no managed rule groups
   */
  readonly egress?: ZoneEgressProps;

  /**
   * Key that encrypts the zone's logs.
   *
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How long the zone's logs are kept.
   *
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to logs and key when the zone is deleted.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** How a workload is placed in a zone. */
export interface AddZoneServerOptions {
  /**
   * The part of the zone that it is in.
   *
   * @default ZoneTier.WORKLOAD
   */
  readonly tier?: ZoneTier;

  /**
   * Port of its `connections` when none is named.
   *
   * @default - none
   */
  readonly port?: number;
}
