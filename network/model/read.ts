import { readFirewallPolicy } from '../firewall/policy';
import { referenceIn, type ResolvedTemplates, type Resource } from '../template';
import { readEndpointPolicy } from './endpoint-policy';
import type { Endpoint, Firewall, Network, Party, Peering, TransitGateway, Unknown, Vpc } from './network';
import { createPlacementReader, readParties, type PlacementReader } from './parties';
import { readSubnets, readVpcs } from './placement';
import { listOf, recordsOf, textOf } from './property';
import { displayName, readSecurityGroups } from './security-groups';

/** Reads the network that templates make. What cannot be modelled is listed in `unknowns`. */
export function readNetwork({ resources, macros }: ResolvedTemplates): Network {
  const all = [...resources.values()];
  const unknowns: Unknown[] = macros.map((why) => ({ subject: why.split(' ')[0]!, why: why.slice(why.indexOf(' ') + 1) }));
  const vpcs = readVpcs(all, unknowns);
  const subnets = readSubnets(all, vpcs, unknowns);
  const groups = readSecurityGroups(all, vpcs, unknowns);
  const reader = createPlacementReader(subnets, groups, vpcs, unknowns);
  const firewalls = readFirewalls(all, resources, vpcs, unknowns);
  const parties = withDistinctNames(readParties(resources, reader, unknowns));
  const endpoints = readEndpoints(all, vpcs, reader, unknowns);
  for (const resource of all) {
    if (resource.undecidedCondition !== undefined && isNetwork(resource.type)) {
      unknowns.push({ subject: resource.id, why: `depends on the condition ${resource.undecidedCondition}, which the templates do not decide`, ...vpcOf(resource) });
    }
    const why = UNMODELLED[resource.type];
    if (why !== undefined) unknowns.push({ subject: resource.id, why, ...vpcOf(resource) });
  }
  for (const { name, policy } of firewalls) for (const line of policy.unread) unknowns.push({ subject: name, why: `holds ${line}` });
  return { vpcs, subnets, parties, endpoints, firewalls, peerings: readPeerings(all), transitGateways: readTransitGateways(all), unknowns: distinct(unknowns) };
}

/** Types that open ways which are not modelled. */
const UNMODELLED: Readonly<Record<string, string>> = {
  'AWS::EC2::TrafficMirrorSession': 'copies traffic to somewhere else',
  'AWS::EC2::ClientVpnEndpoint': 'lets clients of a VPN in',
  'AWS::EC2::VPNConnection': 'connects another network',
  'AWS::EC2::VPNGateway': 'connects another network',
  'AWS::EC2::LocalGatewayRouteTableVPCAssociation': 'connects a network on premises',
  'AWS::EC2::CarrierGateway': 'connects a carrier network',
  'AWS::EC2::InstanceConnectEndpoint': 'lets operators connect to instances',
  'AWS::EC2::TransitGatewayConnect': 'connects an appliance to a transit gateway',
  'AWS::EC2::TransitGatewayPeeringAttachment': 'connects another transit gateway',
  'AWS::NetworkManager::VpcAttachment': 'connects the VPC to a core network',
  'AWS::VpcLattice::ServiceNetworkVpcAssociation': 'gives the VPC the services of a VPC Lattice network',
  'AWS::VpcLattice::ServiceNetworkVpcEndpoint': 'gives the VPC the services of a VPC Lattice network',
  'AWS::VpcLattice::ResourceGateway': 'lets others reach resources of the VPC over VPC Lattice',
  'AWS::EC2::VerifiedAccessEndpoint': 'lets people in over Verified Access',
  'AWS::Route53Resolver::ResolverEndpoint': 'forwards DNS to another network',
  'AWS::EKS::Cluster': 'runs pods whose interfaces are not in the template',
};

const isNetwork = (type: string) => /^AWS::(EC2|ElasticLoadBalancing|NetworkFirewall|Route53Resolver|VpcLattice|ECS::Service|Lambda::Function|ApiGatewayV2::VpcLink)/.test(type);

function vpcOf({ properties }: Resource): { readonly vpc?: string } {
  const id = referenceIn(properties.VpcId ?? properties.VpcIdentifier)?.resourceId;
  return id === undefined ? {} : { vpc: id };
}

/** Two of the same name in different stacks are called by their ids. */
function withDistinctNames(parties: readonly Party[]): readonly Party[] {
  const count = new Map<string, number>();
  for (const { name } of parties) count.set(name, (count.get(name) ?? 0) + 1);
  return parties.map((party) => ((count.get(party.name) ?? 0) > 1 ? { ...party, name: party.id } : party));
}

function distinct(unknowns: readonly Unknown[]): readonly Unknown[] {
  return [...new Map(unknowns.map((unknown) => [`${unknown.subject} ${unknown.why}`, unknown])).values()];
}

function readFirewalls(all: readonly Resource[], resources: ReadonlyMap<string, Resource>, vpcs: readonly Vpc[], unknowns: Unknown[]): readonly Firewall[] {
  return all.flatMap(({ id, type, properties, constructPath }) => {
    if (type !== 'AWS::NetworkFirewall::Firewall') return [];
    const vpc = vpcs.find((candidate) => candidate.id === referenceIn(properties.VpcId)?.resourceId);
    const policy = readFirewallPolicy(properties.FirewallPolicyArn, resources, vpc?.ranges ?? []);
    if (!policy) {
      unknowns.push({ subject: id, why: 'has a firewall policy that no template holds', ...(vpc && { vpc: vpc.id }) });
      return [];
    }
    return [{ id, name: displayName(id, constructPath), subnets: recordsOf(properties.SubnetMappings).map(({ SubnetId }) => referenceIn(SubnetId)?.resourceId ?? '?'), policy }];
  });
}

function readEndpoints(all: readonly Resource[], vpcs: readonly Vpc[], reader: PlacementReader, unknowns: Unknown[]): readonly Endpoint[] {
  return all.flatMap(({ id, type, properties, constructPath }): readonly Endpoint[] => {
    if (type !== 'AWS::EC2::VPCEndpoint') return [];
    const vpc = vpcs.find((candidate) => candidate.id === referenceIn(properties.VpcId)?.resourceId);
    const kind = textOf(properties.VpcEndpointType) ?? 'Gateway';
    const service = textOf(properties.ServiceName) ?? textOf(properties.ResourceConfigurationArn) ?? '?';
    if (!vpc || (kind !== 'Gateway' && kind !== 'Interface')) {
      unknowns.push({ subject: id, why: `is an endpoint of the kind ${kind}${vpc ? '' : ' in a VPC that no template holds'}`, ...(vpc && { vpc: vpc.id }) });
      return [];
    }
    const short = /com\.amazonaws\.[^.]+\.(.+)$/.exec(service)?.[1] ?? service.split('.').at(-1) ?? service;
    const base = { id, name: displayName(id, constructPath), service: short, vpc, policy: readEndpointPolicy(properties.PolicyDocument) };
    if (kind === 'Gateway') return [{ ...base, kind: 'gateway' }];
    const placement = reader.place(id, properties.SubnetIds, properties.SecurityGroupIds);
    return [{ ...base, kind: 'interface', ...(placement && { placement }) }];
  });
}

function readPeerings(all: readonly Resource[]): readonly Peering[] {
  return all
    .filter(({ type }) => type === 'AWS::EC2::VPCPeeringConnection')
    .map(({ id, properties }) => ({ id, vpcs: [properties.VpcId, properties.PeerVpcId].map((vpc) => referenceIn(vpc)?.resourceId) }));
}

function readTransitGateways(all: readonly Resource[]): readonly TransitGateway[] {
  const attachments = all.filter(({ type }) => type === 'AWS::EC2::TransitGatewayAttachment' || type === 'AWS::EC2::TransitGatewayVpcAttachment');
  const ids = new Set(attachments.map(({ properties }) => referenceIn(properties.TransitGatewayId)?.resourceId ?? textOf(properties.TransitGatewayId) ?? '?'));
  return [...ids].map((id) => ({
    id,
    vpcs: attachments
      .filter(({ properties }) => (referenceIn(properties.TransitGatewayId)?.resourceId ?? textOf(properties.TransitGatewayId)) === id)
      .flatMap(({ properties }) => listOf(referenceIn(properties.VpcId)?.resourceId).map(String)),
  }));
}

