/** Compiles the network of a template to what a kernel enforces. Shares nothing with the prediction but the reading of templates. */
import { referenceIn, type ResolvedTemplates, type Resource } from '../../network/template';
import { aclStatements, groupStatements, idOf } from './filters';
import { compileFirewall } from './firewall';
import type { Appliance, DnsRules, Hop, Host, Plan, PlannedRoute, PlannedSubnet, Service } from './plan';

export type * from './plan';

type Properties = Readonly<Record<string, unknown>>;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const record = (value: unknown): Properties => (typeof value === 'object' && value !== null ? (value as Properties) : {});

/** Addresses that stand for services with a gateway endpoint. */
const SERVICE_BLOCKS: Readonly<Record<string, string>> = { s3: '198.18.0.0/24', dynamodb: '198.18.1.0/24' };
const PUBLIC_BLOCK = '192.0.2';

/** @throws Error where the templates do not hold exactly one VPC */
export function compileTemplates({ resources }: ResolvedTemplates): Plan {
  const all = [...resources.values()];
  const ofType = (type: string) => all.filter((resource) => resource.type === type);
  const [vpc, ...others] = ofType('AWS::EC2::VPC');
  if (!vpc || others.length > 0) throw new Error(`the range builds one VPC, and the templates hold ${others.length + (vpc ? 1 : 0)}`);
  const notBuilt: string[] = [];
  const vpcBlocks = [String(vpc.properties.CidrBlock)];
  const addresses = createAddresses(ofType('AWS::EC2::Subnet'));
  const appliances = ofType('AWS::EC2::Subnet').flatMap((subnet) => compileAppliances(subnet.id, all, resources, vpcBlocks, addresses, notBuilt));
  const services = ofType('AWS::EC2::VPCEndpoint').filter(({ properties }) => (properties.VpcEndpointType ?? 'Gateway') === 'Gateway').map(compileService);
  const subnets = ofType('AWS::EC2::Subnet').map((subnet, index) => compileSubnet(subnet, index, all, resources, appliances, services, notBuilt));
  const placed = all.flatMap((resource) => placementsOf(resource, resources));
  const seats = placed.flatMap((placement) => placement.subnets.map((subnet) => ({ ...placement, subnet, addresses: addresses.take(subnet, placement.ipv6) })));
  const members = { of: (group: string) => seats.filter(({ groups }) => groups.includes(group)).flatMap((seat) => seat.addresses) };
  const hosts = seats.map((seat): Host => ({
    owner: seat.owner,
    subnet: seat.subnet,
    addresses: seat.addresses,
    metadata: seat.metadata,
    ...(seat.service && { service: seat.service }),
    ...(!seat.unfiltered && {
      filter: {
        ingress: seat.groups.flatMap((group) => groupStatements(group, 'in', resources, members, prefixes)),
        egress: seat.groups.flatMap((group) => groupStatements(group, 'out', resources, members, prefixes)),
      },
    }),
  }));
  const open = [...seats.filter(({ isPublic }) => isPublic).flatMap((seat) => seat.addresses.filter((address) => !address.includes(':'))), ...appliances.filter(({ kind }) => kind === 'nat').map(({ address }) => address)];
  return {
    subnets,
    hosts,
    appliances,
    services,
    dns: compileDns(vpc, all, resources),
    publicAddresses: open.map((inside, index) => ({ inside, outside: `${PUBLIC_BLOCK}.${index + 1}` })),
    acceptsIpv6: ofType('AWS::EC2::Route').some(({ properties }) => properties.DestinationIpv6CidrBlock === '::/0' && properties.GatewayId !== undefined),
    notBuilt,
  };
}

interface Addresses {
  take(subnet: string, ipv6: boolean): readonly string[];
}

/** One address after the other of each subnet, from the tenth on. */
function createAddresses(subnets: readonly Resource[]): Addresses {
  const next = new Map<string, number>();
  const blocks = new Map(subnets.map(({ id, properties }) => [id, [properties.CidrBlock, properties.Ipv6CidrBlock].filter((block) => block !== undefined).map(String)]));
  return {
    take(subnet, ipv6) {
      const offset = next.get(subnet) ?? 10;
      next.set(subnet, offset + 1);
      return (blocks.get(subnet) ?? []).filter((block) => ipv6 || !block.includes(':')).map((block) => addressAt(block, offset));
    },
  };
}

function addressAt(block: string, offset: number): string {
  const [base = ''] = block.split('/');
  if (base.includes(':')) return `${base.replace(/::$/, '')}::${offset.toString(16)}`;
  const number = base.split('.').reduce((value, part) => value * 256 + Number(part), 0) + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

interface Placement {
  readonly owner: string;
  readonly subnets: readonly string[];
  readonly groups: readonly string[];
  readonly unfiltered: boolean;
  readonly isPublic: boolean;
  readonly ipv6: boolean;
  readonly metadata: Host['metadata'];
  readonly service?: Host['service'];
}

/** Where somebody's interfaces are. */
function placementsOf({ id, type, properties }: Resource, resources: ReadonlyMap<string, Resource>): readonly Placement[] {
  const make = (subnets: unknown, groups: unknown, more: Partial<Placement> = {}): readonly Placement[] => {
    const ids = list(subnets).flatMap((subnet) => referenceIn(subnet)?.resourceId ?? []);
    const vpc = referenceIn(resources.get(ids[0] ?? '')?.properties.VpcId)?.resourceId ?? '';
    const named = list(groups).flatMap((group) => idOf(group) ?? []);
    return ids.length === 0 ? [] : [{ owner: id, subnets: ids, groups: named.length > 0 ? named : [`${vpc}#DefaultSecurityGroup`], unfiltered: false, isPublic: false, ipv6: true, metadata: 'none', ...more }];
  };
  switch (type) {
    case 'AWS::ECS::Service': {
      const network = record(record(properties.NetworkConfiguration).AwsvpcConfiguration);
      return make(network.Subnets, network.SecurityGroups, { isPublic: network.AssignPublicIp === 'ENABLED', metadata: 'task-credentials' });
    }
    case 'AWS::Lambda::Function': {
      const network = record(properties.VpcConfig);
      return make(network.SubnetIds, network.SecurityGroupIds, { ipv6: network.Ipv6AllowedForDualStack === true });
    }
    case 'AWS::EC2::Instance': {
      const nic = record(list(properties.NetworkInterfaces)[0]);
      const subnet = properties.SubnetId ?? nic.SubnetId;
      const mapped = resources.get(referenceIn(subnet)?.resourceId ?? '')?.properties.MapPublicIpOnLaunch === true;
      const options = record(properties.MetadataOptions);
      const metadata = options.HttpEndpoint === 'disabled' ? 'none' : options.HttpTokens === 'required' ? 'instance-v2' : 'instance-v1';
      return make(subnet, properties.SecurityGroupIds ?? nic.GroupSet, { isPublic: nic.AssociatePublicIpAddress === undefined ? mapped : nic.AssociatePublicIpAddress === true, metadata });
    }
    case 'AWS::ElasticLoadBalancingV2::LoadBalancer':
      return make(properties.Subnets, properties.SecurityGroups, { unfiltered: properties.Type === 'network' && list(properties.SecurityGroups).length === 0, isPublic: properties.Scheme !== 'internal' });
    case 'AWS::EC2::VPCEndpoint':
      if (properties.VpcEndpointType !== 'Interface') return [];
      return make(properties.SubnetIds, properties.SecurityGroupIds, { service: { name: String(properties.ServiceName).split('.').slice(3).join('.') || String(properties.ServiceName), policy: properties.PolicyDocument ?? null } });
    case 'AWS::ApiGatewayV2::VpcLink':
      return make(properties.SubnetIds, properties.SecurityGroupIds);
    default:
      return [];
  }
}

function compileService({ id, properties }: Resource): Service {
  const name = String(properties.ServiceName).split('.').at(-1) ?? '';
  return { id, name, address: addressAt(SERVICE_BLOCKS[name] ?? '198.18.9.0/24', 10), policy: properties.PolicyDocument ?? null };
}

/** Lists of prefixes: of the template, or of a service that the text names. */
function prefixes(reference: unknown): readonly string[] | undefined {
  const name = String(reference);
  const service = /\.(s3|dynamodb)\b/.exec(name)?.[1] ?? (name === 'pl-63a5400a' ? 's3' : name === 'pl-02cd2c6b' ? 'dynamodb' : undefined);
  return service === undefined ? undefined : [SERVICE_BLOCKS[service]!];
}

function compileAppliances(subnet: string, all: readonly Resource[], resources: ReadonlyMap<string, Resource>, vpcBlocks: readonly string[], addresses: Addresses, notBuilt: string[]): readonly Appliance[] {
  return all.flatMap(({ id, type, properties }): readonly Appliance[] => {
    if (type === 'AWS::EC2::NatGateway' && referenceIn(properties.SubnetId)?.resourceId === subnet) return [{ id, subnet, kind: 'nat', address: addresses.take(subnet, false)[0]! }];
    if (type !== 'AWS::NetworkFirewall::Firewall') return [];
    return list(properties.SubnetMappings).flatMap((mapping, index): readonly Appliance[] => {
      if (referenceIn(record(mapping).SubnetId)?.resourceId !== subnet) return [];
      return [{ id: `${id}#${index}`, subnet, kind: 'firewall', address: addresses.take(subnet, false)[0]!, firewall: compileFirewall(resources.get(id)!, resources, vpcBlocks, notBuilt) }];
    });
  });
}

function compileSubnet(subnet: Resource, index: number, all: readonly Resource[], resources: ReadonlyMap<string, Resource>, appliances: readonly Appliance[], services: readonly Service[], notBuilt: string[]): PlannedSubnet {
  const associated = (type: string, property: string) => all.filter((resource) => resource.type === type && referenceIn(resource.properties.SubnetId)?.resourceId === subnet.id).map(({ properties }) => referenceIn(properties[property])?.resourceId ?? '');
  const table = associated('AWS::EC2::SubnetRouteTableAssociation', 'RouteTableId').at(-1);
  const acl = associated('AWS::EC2::SubnetNetworkAclAssociation', 'NetworkAclId').at(-1);
  const routes = all.flatMap((resource): readonly PlannedRoute[] => {
    if (resource.type !== 'AWS::EC2::Route' || table === undefined || referenceIn(resource.properties.RouteTableId)?.resourceId !== table) return [];
    const to = String(resource.properties.DestinationCidrBlock ?? resource.properties.DestinationIpv6CidrBlock);
    const hop = hopOf(resource.properties, resources, appliances);
    if (!hop) notBuilt.push(`the route to ${to} of ${subnet.id}`);
    return hop ? [{ to, hop }] : [];
  });
  const gateways = services.flatMap((service): readonly PlannedRoute[] => {
    const tables = list(resources.get(service.id)?.properties.RouteTableIds).map((reference) => referenceIn(reference)?.resourceId);
    return table !== undefined && tables.includes(table) ? [{ to: SERVICE_BLOCKS[service.name] ?? '198.18.9.0/24', hop: { kind: 'service', id: service.id } }] : [];
  });
  return {
    id: subnet.id,
    index,
    blocks: [subnet.properties.CidrBlock, subnet.properties.Ipv6CidrBlock].filter((block) => block !== undefined).map(String),
    routes: [...routes, ...gateways],
    ...(acl !== undefined && { acl: { ingress: aclStatements(acl, false, resources), egress: aclStatements(acl, true, resources) } }),
  };
}

function hopOf(route: Properties, resources: ReadonlyMap<string, Resource>, appliances: readonly Appliance[]): Hop | undefined {
  const nat = referenceIn(route.NatGatewayId)?.resourceId;
  if (nat !== undefined) return appliances.some(({ id }) => id === nat) ? { kind: 'appliance', id: nat } : undefined;
  const gateway = referenceIn(route.GatewayId ?? route.VpcEndpointId ?? route.EgressOnlyInternetGatewayId);
  const type = resources.get(gateway?.resourceId ?? '')?.type;
  if (type === 'AWS::EC2::InternetGateway' || type === 'AWS::EC2::EgressOnlyInternetGateway') return { kind: 'internet-gateway' };
  if (type !== 'AWS::NetworkFirewall::Firewall') return undefined;
  return { kind: 'appliance', id: `${gateway!.resourceId}#${/\.(\d+)$/.exec(gateway!.attribute ?? '')?.[1] ?? 0}` };
}

function compileDns(vpc: Resource, all: readonly Resource[], resources: ReadonlyMap<string, Resource>): DnsRules {
  const associations = all
    .filter(({ type, properties }) => type === 'AWS::Route53Resolver::FirewallRuleGroupAssociation' && referenceIn(properties.VpcId)?.resourceId === vpc.id)
    .sort((a, b) => Number(a.properties.Priority) - Number(b.properties.Priority));
  const rules = associations.flatMap(({ properties }) =>
    [...(list(resources.get(referenceIn(properties.FirewallRuleGroupId)?.resourceId ?? '')?.properties.FirewallRules) as readonly Properties[])]
      .sort((a, b) => Number(a.Priority) - Number(b.Priority))
      .map((rule) => {
        const names = resources.get(referenceIn(rule.FirewallDomainListId)?.resourceId ?? '')?.properties.Domains;
        return { action: String(rule.Action), domains: Array.isArray(names) ? names.map((name) => String(name).replace(/\.$/, '')) : null, type: rule.Qtype === undefined ? null : String(rule.Qtype) };
      }),
  );
  const failsOpen = all.some(({ type, properties }) => type === 'AWS::Route53Resolver::FirewallConfig' && properties.FirewallFailOpen === 'ENABLED');
  return { address: addressAt(String(vpc.properties.CidrBlock), 2), enabled: vpc.properties.EnableDnsSupport !== false, rules, failsOpen };
}
