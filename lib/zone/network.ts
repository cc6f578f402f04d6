import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { AddressPlan } from './address-plan';
import { ZoneNetworkAcl } from './network-acl';
import { ZoneTier } from './tier';

/** Subnets that share their addresses' block and their network ACL. */
export interface Place {
  readonly subnets: ec2.ISubnet[];
  /** The block of all of them. Absent in a VPC that was given, whose network ACLs are its owner's. */
  readonly wall?: { readonly cidr: string; readonly acl: ZoneNetworkAcl };
}

/** The VPC that a zone is in, and where in it things go. */
export interface ZoneNetwork {
  readonly vpc: ec2.IVpc;
  readonly availabilityZones: readonly string[];
  place(tier: ZoneTier): Place;
}

export interface OwnNetworkProps {
  readonly cidr: string;
  readonly maxAzs: number;
}

/** A VPC of the zone's own: isolated subnets in each tier, no internet gateway, no NAT, no IPv6, a default group without rules. */
export class OwnNetwork extends Construct implements ZoneNetwork {
  readonly vpc: ec2.Vpc;
  readonly plan: AddressPlan;
  readonly availabilityZones: readonly string[];

  private readonly places: ReadonlyMap<ZoneTier, Place>;

  constructor(scope: Construct, id: string, { cidr, maxAzs }: OwnNetworkProps) {
    super(scope, id);
    if (maxAzs !== 2 && maxAzs !== 3) throw new Error(`maxAzs is ${JSON.stringify(maxAzs)}, expected 2 or 3`);
    this.plan = new AddressPlan(cidr);
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(cidr),
      maxAzs,
      subnetConfiguration: [],
      natGateways: 0,
      createInternetGateway: false,
      restrictDefaultSecurityGroup: true,
    });
    this.availabilityZones = this.vpc.availabilityZones;
    this.places = new Map(Object.values(ZoneTier).map((tier) => [tier, this.addTier(tier)]));
  }

  place(tier: ZoneTier): Place {
    return this.places.get(tier)!;
  }

  private addTier(tier: ZoneTier): Place {
    const name = tier.charAt(0).toUpperCase() + tier.slice(1);
    const subnets = this.availabilityZones.map((availabilityZone, zone) => new ec2.PrivateSubnet(this, `${name}Subnet${zone + 1}`, {
      vpcId: this.vpc.vpcId,
      availabilityZone,
      cidrBlock: this.plan.subnet(tier, zone),
      mapPublicIpOnLaunch: false,
    }));
    // So that `vpc.selectSubnets()` and what builds on it find them.
    this.vpc.isolatedSubnets.push(...subnets);
    return { subnets, wall: { cidr: this.plan.tier(tier), acl: new ZoneNetworkAcl(this, `${name}Acl`, this.vpc, subnets) } };
  }
}

/** A VPC that is there already. */
export class GivenNetwork implements ZoneNetwork {
  readonly availabilityZones: readonly string[];
  private readonly subnets: ec2.ISubnet[];

  constructor(readonly vpc: ec2.IVpc, selection: ec2.SubnetSelection) {
    this.subnets = vpc.selectSubnets(selection).subnets;
    this.availabilityZones = this.subnets.map(({ availabilityZone }) => availabilityZone);
  }

  place(): Place {
    return { subnets: this.subnets };
  }
}

