import { parseCidr, type AddressRange } from '../address';
import { referenceIn, vpcBlock, type Resource } from '../template';
import { serviceRanges, namedServiceRanges } from './aws-services';
import { NO_DNS_FIREWALL, readDnsFirewall } from './dns-firewall';
import type { AclRule, NetworkAcl, Route, RouteTable, RouteTarget, Subnet, Unknown, Vpc } from './network';
import { isTrue, listOf, numberOf, recordOf, recordsOf, textOf } from './property';
import { ICMP, ICMPV6, protocolNumber } from './protocol';
import { displayName } from './security-groups';

type Properties = Resource['properties'];

export function readVpcs(resources: readonly Resource[], unknowns: Unknown[]): readonly Vpc[] {
  return resources.flatMap((resource): readonly Vpc[] => {
    const { id, type, properties, constructPath } = resource;
    if (type !== 'AWS::EC2::VPC') return [];
    const { range, standIn } = vpcBlock(properties.CidrBlock);
    if (standIn) unknowns.push({ subject: id, why: `has an address block that the template does not know; ${'10.255.0.0/16'} stands for it and subnets may not lie in it`, vpc: id });
    const more = resources.filter((other) => other.type === 'AWS::EC2::VPCCidrBlock' && referenceIn(other.properties.VpcId)?.resourceId === id);
    const ranges = [range, ...more.flatMap((block) => parseCidr(block.properties.CidrBlock) ?? [])];
    const index = resources.filter((other) => other.type === 'AWS::EC2::VPC').indexOf(resource);
    if (more.some((block) => isTrue(block.properties.AmazonProvidedIpv6CidrBlock) || block.properties.Ipv6IpamPoolId !== undefined || block.properties.Ipv6CidrBlock !== undefined)) {
      const block = more.map(({ properties: given }) => parseCidr(given.Ipv6CidrBlock)).find((found) => found !== undefined);
      ranges.push(block ?? parseCidr(`2001:db8:${(index + 1).toString(16)}00::/56`)!);
    }
    const attachment = resources.find((other) => other.type === 'AWS::EC2::VPCGatewayAttachment' && referenceIn(other.properties.VpcId)?.resourceId === id && other.properties.InternetGatewayId !== undefined);
    const dnsFirewall = readDnsFirewall(id, resources);
    return [
      {
        id,
        name: displayName(id, constructPath),
        ranges,
        dnsSupport: properties.EnableDnsSupport === undefined || isTrue(properties.EnableDnsSupport),
        dnsFirewall: dnsFirewall.rules.length === 0 && !dnsFirewall.failsOpen ? NO_DNS_FIREWALL : dnsFirewall,
        forwarding: readForwarding(id, resources),
        ...(attachment && { internetGateway: textOf(attachment.properties.InternetGatewayId) ?? '?' }),
      },
    ];
  });
}

function readForwarding(vpcId: string, resources: readonly Resource[]): Vpc['forwarding'] {
  return resources
    .filter(({ type, properties }) => type === 'AWS::Route53Resolver::ResolverRuleAssociation' && referenceIn(properties.VPCId)?.resourceId === vpcId)
    .map(({ properties }) => {
      const reference = referenceIn(properties.ResolverRuleId);
      const rule = resources.find(({ id }) => id === reference?.resourceId);
      return {
        rule: rule?.id ?? textOf(properties.ResolverRuleId) ?? '?',
        domain: String(rule?.properties.DomainName ?? '.').replace(/\.$/, ''),
        to: recordsOf(rule?.properties.TargetIps).map(({ Ip, Ipv6 }) => textOf(Ip ?? Ipv6)).join(', ') || 'somewhere that no template says',
      };
    });
}

export function readSubnets(resources: readonly Resource[], vpcs: readonly Vpc[], unknowns: Unknown[]): readonly Subnet[] {
  const byId = new Map(resources.map((resource) => [resource.id, resource]));
  const tables = readRouteTables(resources, byId);
  const acls = readAcls(resources, unknowns);
  const association = (type: string, subnet: string) => resources.filter((resource) => resource.type === type && referenceIn(resource.properties.SubnetId)?.resourceId === subnet);
  return resources.flatMap(({ id, type, properties, constructPath }): readonly Subnet[] => {
    if (type !== 'AWS::EC2::Subnet') return [];
    const vpc = vpcs.find((candidate) => candidate.id === referenceIn(properties.VpcId)?.resourceId);
    if (!vpc) {
      unknowns.push({ subject: id, why: 'is a subnet of a VPC that no template holds' });
      return [];
    }
    const ranges = [properties.CidrBlock, properties.Ipv6CidrBlock].flatMap((block) => parseCidr(block) ?? []);
    if (ranges.length === 0) unknowns.push({ subject: id, why: 'has no address block that the template knows', vpc: vpc.id });
    const tableIds = association('AWS::EC2::SubnetRouteTableAssociation', id).map((found) => referenceIn(found.properties.RouteTableId)?.resourceId);
    // Only one of several associations can win, and which one is a matter of the deployment: all their routes count.
    const found = tableIds.map((table) => tables.get(table ?? ''));
    if (found.includes(undefined)) unknowns.push({ subject: id, why: 'has a route table that no template holds', vpc: vpc.id });
    const known = found.filter((table) => table !== undefined);
    const aclIds = association('AWS::EC2::SubnetNetworkAclAssociation', id).map((found) => referenceIn(found.properties.NetworkAclId)?.resourceId);
    const acl = aclIds.length > 0 ? acls.get(aclIds.at(-1) ?? '') : undefined;
    return [
      {
        id,
        name: displayName(id, constructPath).replace(/(?<=.)\/Subnet$/, ''),
        vpc,
        ranges: ranges.length > 0 ? ranges : [vpc.ranges[0]!],
        mapsPublicAddress: isTrue(properties.MapPublicIpOnLaunch),
        ...(acl && { acl }),
        routeTable: known.length === 1 ? known[0]! : { routes: known.flatMap(({ routes }) => routes), ...(known[0]?.id !== undefined && { id: known[0].id }) },
      },
    ];
  });
}

function readRouteTables(resources: readonly Resource[], byId: ReadonlyMap<string, Resource>): ReadonlyMap<string, RouteTable> {
  const routes = new Map<string, Route[]>(resources.filter(({ type }) => type === 'AWS::EC2::RouteTable').map(({ id }) => [id, []]));
  for (const { type, properties } of resources) {
    if (type === 'AWS::EC2::Route') {
      const written = properties.DestinationCidrBlock ?? properties.DestinationIpv6CidrBlock ?? properties.DestinationPrefixListId;
      const ranges = routeRanges(written, byId);
      const destination = textOf(written) ?? '?';
      // A destination that is not known may be everything.
      routes.get(referenceIn(properties.RouteTableId)?.resourceId ?? '')?.push({ ranges: ranges ?? EVERYTHING, target: readTarget(properties, byId), destination });
    }
    if (type === 'AWS::EC2::VPCEndpoint' && (properties.VpcEndpointType ?? 'Gateway') === 'Gateway') {
      const service = textOf(properties.ServiceName)?.split('.').at(-1) ?? '';
      const id = resources.find((resource) => resource.properties === properties)!.id;
      for (const table of listOf(properties.RouteTableIds)) {
        routes.get(referenceIn(table)?.resourceId ?? '')?.push({ ranges: serviceRanges(service), target: { kind: 'gateway-endpoint', id }, destination: `addresses of ${service}` });
      }
    }
    if (type === 'AWS::EC2::VPNGatewayRoutePropagation') {
      const target: RouteTarget = { kind: 'unknown', id: textOf(properties.VpnGatewayId) ?? '?', why: 'a virtual private gateway, whose routes come from the other side' };
      for (const table of listOf(properties.RouteTableIds)) routes.get(referenceIn(table)?.resourceId ?? '')?.push({ ranges: EVERYTHING, target, destination: 'what a VPN announces' });
    }
  }
  return new Map([...routes].map(([id, list]) => [id, { id, routes: list }]));
}

const EVERYTHING: readonly AddressRange[] = ['0.0.0.0/0', '::/0'].flatMap((block) => parseCidr(block) ?? []);

function routeRanges(written: unknown, byId: ReadonlyMap<string, Resource>): readonly AddressRange[] | undefined {
  const block = parseCidr(written);
  if (block) return [block];
  const list = byId.get(referenceIn(written)?.resourceId ?? '');
  if (list?.type === 'AWS::EC2::PrefixList') {
    const ranges = recordsOf(list.properties.Entries).map(({ Cidr }) => parseCidr(Cidr));
    return ranges.includes(undefined) ? undefined : ranges.filter((range) => range !== undefined);
  }
  return namedServiceRanges(textOf(written) ?? '');
}

function readTarget(route: Properties, byId: ReadonlyMap<string, Resource>): RouteTarget {
  const named = (value: unknown) => referenceIn(value)?.resourceId ?? textOf(value) ?? '?';
  if (route.NatGatewayId !== undefined) {
    const id = named(route.NatGatewayId);
    const nat = byId.get(id);
    const subnet = referenceIn(nat?.properties.SubnetId)?.resourceId;
    return { kind: 'nat-gateway', id, private: nat?.properties.ConnectivityType === 'private', ...(subnet !== undefined && { subnet }) };
  }
  if (route.EgressOnlyInternetGatewayId !== undefined) return { kind: 'egress-only-gateway', id: named(route.EgressOnlyInternetGatewayId) };
  if (route.TransitGatewayId !== undefined) return { kind: 'transit-gateway', id: named(route.TransitGatewayId) };
  if (route.VpcPeeringConnectionId !== undefined) return { kind: 'peering', id: named(route.VpcPeeringConnectionId) };
  const gateway = route.GatewayId ?? route.VpcEndpointId;
  if (gateway !== undefined) return readGateway(gateway, byId);
  const [key, value] = Object.entries(route).find(([name]) => /Id$|Arn$/.test(name) && !/^(RouteTableId|Destination)/.test(name)) ?? ['?', '?'];
  return { kind: 'unknown', id: named(value), why: `a route over ${key.replace(/(Id|Arn)$/, '')}` };
}

function readGateway(gateway: unknown, byId: ReadonlyMap<string, Resource>): RouteTarget {
  const reference = referenceIn(gateway);
  const id = reference?.resourceId ?? textOf(gateway) ?? '?';
  const resource = byId.get(id);
  switch (resource?.type) {
    case 'AWS::EC2::InternetGateway':
      return { kind: 'internet-gateway', id };
    case 'AWS::NetworkFirewall::Firewall': {
      const index = numberOf(/^EndpointIds\.(\d+)$/.exec(reference?.attribute ?? '')?.[1]) ?? 0;
      const subnet = referenceIn(recordsOf(resource.properties.SubnetMappings)[index]?.SubnetId)?.resourceId;
      return { kind: 'firewall', firewall: id, ...(subnet !== undefined && { subnet }) };
    }
    case 'AWS::NetworkFirewall::VpcEndpointAssociation': {
      const subnet = referenceIn(recordOf(resource.properties.SubnetMapping).SubnetId)?.resourceId;
      return { kind: 'firewall', firewall: referenceIn(resource.properties.FirewallArn)?.resourceId ?? '?', ...(subnet !== undefined && { subnet }) };
    }
    case 'AWS::EC2::VPCEndpoint':
      return { kind: 'unknown', id, why: 'an endpoint of a gateway load balancer, behind which anything may stand' };
    case undefined:
      return id.startsWith('igw-') ? { kind: 'internet-gateway', id } : { kind: 'unknown', id, why: 'a gateway that no template holds' };
    default:
      return { kind: 'unknown', id, why: `a ${resource!.type}` };
  }
}

function readAcls(resources: readonly Resource[], unknowns: Unknown[]): ReadonlyMap<string, NetworkAcl> {
  const acls = new Map<string, { name: string; ingress: AclRule[]; egress: AclRule[] }>();
  for (const { id, type, constructPath } of resources) if (type === 'AWS::EC2::NetworkAcl') acls.set(id, { name: displayName(id, constructPath), ingress: [], egress: [] });
  for (const { id, type, properties } of resources) {
    if (type !== 'AWS::EC2::NetworkAclEntry') continue;
    const acl = acls.get(referenceIn(properties.NetworkAclId)?.resourceId ?? '');
    if (!acl) {
      unknowns.push({ subject: id, why: 'is an entry of a network ACL that no template holds' });
      continue;
    }
    const allow = properties.RuleAction === 'allow';
    const written = properties.CidrBlock ?? properties.Ipv6CidrBlock;
    const range = parseCidr(written);
    // An entry that is not known allows everything, and denies nothing.
    if (!range && !allow) continue;
    acl[isTrue(properties.Egress) ? 'egress' : 'ingress'].push(...(range ? [range] : EVERYTHING).map((block) => readAclRule(properties, allow, block)));
  }
  const byNumber = (a: AclRule, b: AclRule) => a.number - b.number;
  return new Map([...acls].map(([id, acl]) => [id, { id, name: acl.name, ingress: acl.ingress.sort(byNumber), egress: acl.egress.sort(byNumber) }]));
}

function readAclRule(properties: Properties, allow: boolean, range: AddressRange): AclRule {
  const protocol = protocolNumber(properties.Protocol);
  const ports = recordOf(properties.PortRange);
  const from = numberOf(ports.From);
  const icmp = recordOf(properties.Icmp);
  const icmpType = protocol === ICMP || protocol === ICMPV6 ? numberOf(icmp.Type) : undefined;
  const icmpCode = numberOf(icmp.Code);
  return {
    number: numberOf(properties.RuleNumber) ?? 0,
    allow,
    protocol,
    range,
    ...(from !== undefined && { ports: { from, to: numberOf(ports.To) ?? from } }),
    ...(icmpType !== undefined && icmpType >= 0 && { ports: { from: icmpType, to: icmpType } }),
    ...(icmpCode !== undefined && icmpCode >= 0 && { icmpCode }),
  };
}

