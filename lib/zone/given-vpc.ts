import { Annotations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';

/** Something that a VPC lacks for being a security zone. */
export interface VpcFinding {
  /** Stable; acknowledgements name it. */
  readonly id: string;
  /** What is wrong, and what to do. */
  readonly message: string;
}

/**
 * What a given VPC and its subnets lack, as far as their definition tells. The zone itself adds flow logs, query logs, the DNS firewall,
 * endpoints and security groups to it; routes, network ACLs and the default security group are its owner's.
 */
export function findingsOf(vpc: ec2.IVpc, subnets: readonly ec2.ISubnet[]): VpcFinding[] {
  const findings: VpcFinding[] = [];
  const add = (id: string, message: string) => findings.push({ id, message });
  const among = (others: readonly ec2.ISubnet[]) => subnets.filter((subnet) => others.some(({ subnetId }) => subnetId === subnet.subnetId)).length;
  const [open, routed] = [among(vpc.publicSubnets), among(vpc.privateSubnets)];
  if (open > 0) add('publicSubnets', `${open} of the zone's subnets are public, expected isolated ones: choose others with vpcSubnets`);
  if (routed > 0) add('routesOut', `${routed} of the zone's subnets have a route out, expected isolated ones: choose others with vpcSubnets`);
  const zones = new Set(subnets.map(({ availabilityZone }) => availabilityZone)).size;
  if (zones < 2) add('oneAvailabilityZone', `the zone's subnets are in ${zones} availability zone, expected two or more`);

  const own = resourcesOf(vpc);
  if (own.length === 0) {
    add('imported', 'the VPC is defined elsewhere, so nothing is known of its network ACLs, its default security group, its peers and its IPv6 addresses: check them there');
    return findings;
  }
  const ids = new Set(subnets.map(({ node }) => node.path));
  const defaultRoutes = own.filter((resource): resource is ec2.CfnRoute => resource instanceof ec2.CfnRoute)
    .filter((route) => route.node.scopes.some(({ node }) => ids.has(node.path)) && (route.destinationCidrBlock === '0.0.0.0/0' || route.destinationIpv6CidrBlock === '::/0'));
  if (defaultRoutes.length > 0 && routed + open === 0) add('routesOut', `${defaultRoutes.length} default routes are in the zone's subnets, expected none`);
  if (own.some((resource) => resource instanceof ec2.CfnVPCCidrBlock)) add('ipv6', 'the VPC has IPv6 addresses or a second block, which the zone closes nowhere but in its security groups');
  if (!own.some((resource) => resource instanceof ec2.CfnNetworkAcl)) add('noNetworkAcl', 'the VPC has no network ACL of its own, so security groups are the only wall');
  if (!restrictsDefaultGroup(vpc)) add('defaultSecurityGroup', 'the default security group of the VPC lets its members talk to each other and to anywhere: set restrictDefaultSecurityGroup');
  return findings;
}

/** What excludes a VPC from being a zone. */
const FATAL = ['publicSubnets', 'oneAvailabilityZone'];

/**
 * Warns of what a given VPC lacks.
 *
 * @throws Error for what makes it no zone at all: public subnets, one availability zone, or routes out that nobody called unsafe
 */
export function checkVpc(scope: IConstruct, vpc: ec2.IVpc, selection: ec2.SubnetSelection, unsafeRoutesOut: boolean): void {
  const { subnets } = vpc.selectSubnets(selection);
  for (const { id, message } of findingsOf(vpc, subnets)) {
    if (FATAL.includes(id) || (id === 'routesOut' && !unsafeRoutesOut)) throw new Error(message);
    Annotations.of(scope).addWarningV2(`cdk-mcp-zero-trust:vpc-${id}`, message);
  }
}

function resourcesOf(vpc: ec2.IVpc): IConstruct[] {
  return vpc instanceof ec2.Vpc ? vpc.node.findAll() : [];
}

/** The CDK empties it by a custom resource that is a child of the VPC. */
function restrictsDefaultGroup(vpc: ec2.IVpc): boolean {
  return vpc.node.tryFindChild('RestrictDefaultSecurityGroupCustomResource') !== undefined;
}
