import { Lazy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct, Dependable } from 'constructs';
import type { IDependable } from 'constructs';
import type { Place, ZoneNetwork } from './network';
import type { ZoneTier } from './tier';
import { WORKLOAD_NAME } from './workload-name';

/** Properties for a workload of a zone. */
export interface ZoneWorkloadProps {
  /** The network that it is in. */
  readonly network: ZoneNetwork;
  /** The part of the zone that it is in, until it has egress of its own. */
  readonly tier: ZoneTier;
  /** Port of `connections` when none is named. */
  readonly defaultPort?: number;
}

/**
 * Something that runs in a zone: a security group of its own that lets nothing in and nothing out, and the subnets that it
 * belongs in. Made by `zone.addServer()`.
 *
 * Its `connections` open security groups only. In a zone with its own VPC, connections between subnets also need
 * `zone.connectServers()`, which opens both walls.
 */
export class ZoneWorkload extends Construct implements ec2.IConnectable {
  /** The name in messages of the firewall. */
  readonly workloadName: string;

  /** The workload's own security group. */
  readonly securityGroup: ec2.SecurityGroup;

  readonly connections: ec2.Connections;

  /**
   * Where the workload runs: for the `vpcSubnets` of a service or function. Which subnets these are is decided when the template is
   * written: a workload with declared egress has subnets of its own.
   */
  readonly vpcSubnets: ec2.SubnetSelection;

  /** What has to be there before it starts: its endpoints and its way out. */
  readonly readiness: IDependable;

  private readonly needs = new Set<IDependable>();
  private readonly network: ZoneNetwork;
  private readonly tier: ZoneTier;
  private dedicated?: Place;

  constructor(scope: Construct, name: string, props: ZoneWorkloadProps) {
    if (!WORKLOAD_NAME.test(name)) {
      throw new Error(`the name of a workload is ${JSON.stringify(name)}, expected lower-case letters, digits, _ and -, at most 25, beginning with a letter or digit`);
    }
    super(scope, name);
    this.workloadName = name;
    this.network = props.network;
    this.tier = props.tier;
    this.securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.network.vpc,
      description: `${name} of the MCP security zone`,
      allowAllOutbound: false,
    });
    this.connections = new ec2.Connections({
      securityGroups: [this.securityGroup],
      defaultPort: props.defaultPort === undefined ? undefined : ec2.Port.tcp(props.defaultPort),
    });
    const { needs } = this;
    this.readiness = {};
    Dependable.implement(this.readiness, { get dependencyRoots() { return [...needs].flatMap((need) => Dependable.of(need).dependencyRoots); } });
    this.vpcSubnets = { subnets: props.network.availabilityZones.map((availabilityZone, zone) => this.subnetIn(availabilityZone, zone)) };
  }

  /**
   * Where it is.
   *
   * @internal
   */
  _place(): Place {
    return this.dedicated ?? this.network.place(this.tier);
  }

  /**
   * Gives it subnets of its own.
   *
   * @internal
   */
  _moveTo(place: Place): void {
    this.dedicated = place;
    this._needs(...place.subnets);
  }

  /**
   * Adds to what has to be there before it starts.
   *
   * @internal
   */
  _needs(...needs: readonly IDependable[]): void {
    needs.forEach((need) => this.needs.add(need));
  }

  private subnetIn(availabilityZone: string, zone: number): ec2.ISubnet {
    const subnet = () => this._place().subnets[zone]!;
    return ec2.Subnet.fromSubnetAttributes(this, `Subnet${zone + 1}`, {
      availabilityZone,
      subnetId: Lazy.string({ produce: () => subnet().subnetId }),
      routeTableId: Lazy.string({ produce: () => subnet().routeTable.routeTableId }),
      ipv4CidrBlock: Lazy.string({ produce: () => subnet().ipv4CidrBlock }),
    });
  }
}
