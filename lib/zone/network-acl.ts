import { createHash } from 'node:crypto';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';

/** Ports of TCP, unless it says UDP. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
  readonly protocol?: 'udp';
}

/** Ports that the answers to a connection go to. */
const EPHEMERAL: PortRange = { from: 1024, to: 65_535 };
const ANYWHERE = '0.0.0.0/0';

type Direction = 'In' | 'Out';

/** Where among the numbers of rules a kind of rule is: what comes first decides. */
const WITHIN = { first: 1_000, last: 9_999 };
const BOUNDARY = 10_000;
const BEYOND = { first: 20_000, last: 29_999 };

/**
 * A stateless wall around subnets, behind the security groups (NET-1): what is not said here is denied in both directions. A
 * connection is two rules, one for its packets and one for the answers.
 *
 * Rules are numbered by what they say, not by when they are added: a rule more changes no other rule's number, which would be a
 * replacement that CloudFormation cannot do.
 */
export class ZoneNetworkAcl extends Construct {
  private readonly acl: ec2.NetworkAcl;
  private readonly keys = new Set<string>();
  private readonly numbers: Readonly<Record<Direction, Set<number>>> = { In: new Set(), Out: new Set() };

  constructor(scope: Construct, id: string, vpc: ec2.IVpc, subnets: readonly ec2.ISubnet[]) {
    super(scope, id);
    this.acl = new ec2.NetworkAcl(this, 'Resource', { vpc });
    subnets.forEach((subnet, index) => new ec2.SubnetNetworkAclAssociation(this, `Subnet${index + 1}`, { subnet, networkAcl: this.acl }));
    acknowledge(this, { 'AwsSolutions-VPC3': 'a second wall behind the security groups is meant, and what it lets through is generated from the same declarations' });
  }

  /** Connections from `cidr` to these subnets, and their answers. */
  allowFrom(cidr: string, ports: PortRange): void {
    this.allow('In', cidr, ports, WITHIN);
    this.allow('Out', cidr, { ...EPHEMERAL, protocol: ports.protocol }, WITHIN);
  }

  /** Connections from these subnets to `cidr`, and their answers. */
  allowTo(cidr: string, ports: PortRange): void {
    this.allow('Out', cidr, ports, WITHIN);
    this.allow('In', cidr, { ...EPHEMERAL, protocol: ports.protocol }, WITHIN);
  }

  /** Connections from these subnets to every address but those of `zone`, and their answers. */
  allowBeyond(zone: string, ports: PortRange): void {
    for (const direction of ['In', 'Out'] as const) {
      this.entry(direction, ec2.Action.DENY, zone, ec2.AclTraffic.allTraffic(), 'Zone', () => BOUNDARY);
    }
    this.allow('Out', ANYWHERE, ports, BEYOND);
    this.allow('In', ANYWHERE, EPHEMERAL, BEYOND);
  }

  private allow(direction: Direction, cidr: string, { from, to, protocol }: PortRange, band: typeof WITHIN): void {
    const key = `${cidr.replace('/', '_')}-${from}-${to}${protocol === undefined ? '' : `-${protocol}`}`;
    const traffic = protocol === 'udp' ? ec2.AclTraffic.udpPortRange(from, to) : ec2.AclTraffic.tcpPortRange(from, to);
    this.entry(direction, ec2.Action.ALLOW, cidr, traffic, key, () => this.freeNumber(direction, key, band));
  }

  private entry(direction: Direction, ruleAction: ec2.Action, cidr: string, traffic: ec2.AclTraffic, key: string, number: () => number): void {
    const id = `${direction}-${key}`;
    if (this.keys.has(id)) return;
    this.keys.add(id);
    this.acl.addEntry(id, {
      ruleNumber: number(),
      cidr: ec2.AclCidr.ipv4(cidr),
      traffic,
      direction: direction === 'In' ? ec2.TrafficDirection.INGRESS : ec2.TrafficDirection.EGRESS,
      ruleAction,
    });
  }

  private freeNumber(direction: Direction, key: string, { first, last }: typeof WITHIN): number {
    const taken = this.numbers[direction];
    let number = first + (createHash('sha256').update(key).digest().readUInt32BE() % (last - first + 1));
    while (taken.has(number)) number = number === last ? first : number + 1;
    taken.add(number);
    return number;
  }
}
