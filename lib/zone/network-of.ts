import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { checkVpc } from './given-vpc';
import { GivenNetwork, OwnNetwork } from './network';
import type { ZoneNetwork } from './network';
import type { SecurityZoneProps } from './zone-props';

/**
 * The network of a zone: a VPC of its own, or the subnets that were given.
 *
 * @throws Error when both are described, or the subnets are none for a zone
 */
export function networkOf(scope: Construct, { vpc, vpcSubnets, cidr, maxAzs, unsafeRoutesOut }: SecurityZoneProps): ZoneNetwork {
  if (!vpc) {
    if (vpcSubnets) throw new Error('vpcSubnets is given, and vpc is missing: the zone chooses the subnets of its own VPC');
    return new OwnNetwork(scope, 'Network', { cidr: cidr ?? '10.80.0.0/20', maxAzs: maxAzs ?? 2 });
  }
  if (cidr !== undefined || maxAzs !== undefined) throw new Error('vpc excludes cidr and maxAzs: they are of the VPC that is given');
  const selection = vpcSubnets ?? { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
  checkVpc(scope, vpc, selection, unsafeRoutesOut ?? false);
  return new GivenNetwork(vpc, selection);
}
