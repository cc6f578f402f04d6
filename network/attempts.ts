import { addressIn, cidr, parseAddress, subtractRanges, type Address, type AddressRange } from './address';
import type { Destination } from './destination';
import type { Application } from './firewall';
import { hasPorts, ICMP, ICMPV6, IPV6_IN_IPV4, resolves, serviceRanges, TCP, UDP, type GroupRule, type Network, type Party, type Place, type Placement, type PortRange, type Subnet, type Vpc } from './model';
import { allowedNames, FOREIGN_ADDRESS, FOREIGN_ADDRESS_V6, FOREIGN_NAME, lookedUpNames, NAMELESS_ADDRESS, serviceName } from './names';
import { address, PUBLIC_RANGES, representativeAddresses, representativePorts, type PortClass } from './representatives';
import type { Attempt, Origin } from './trace';

/** An attempt with what it stands for. */
export interface ConnectionProbe {
  readonly kind: 'connection';
  readonly attempt: Attempt;
  /** Ports that are treated like the attempt's. */
  readonly ports: PortRange;
  /** The names that the attempt stands for, where the destination is one of them. */
  readonly names?: string;
  /** The name that is looked up first. @default - one that the destination's owner chooses */
  readonly lookup?: string;
}

export interface DnsProbe {
  readonly kind: 'dns';
  readonly vpc?: Vpc;
  readonly name: string;
  readonly queryType: string;
  /** The names that it stands for. */
  readonly names?: string;
}

export type Probe = ConnectionProbe | DnsProbe;

/** Addresses of whoever is in the templates: chosen by AWS, so by default one for each way in which rules could treat them. */
export type AddressPlan = (placement: Placement, subnet: Subnet) => readonly Address[];

/** An origin of connections: a row of the matrix. */
export type Source = { readonly kind: 'party'; readonly party: Party } | { readonly kind: 'internet' };

export interface ProbeMaker {
  /** Every attempt that decides a cell; none where there is nothing to try. */
  probes(source: Source, destination: Destination): readonly Probe[];
}

const QUERY_TYPES = ['A', 'AAAA', 'TXT', 'NULL', 'CNAME', 'MX', 'HTTPS'];

export function createProbeMaker(network: Network, plan?: AddressPlan): ProbeMaker {
  const ranges = namedRanges(network);
  const ports = representativePorts(namedPorts(network));
  const others = namedProtocols(network);
  const names = allowedNames(network);
  const inspected = network.firewalls.length > 0;
  const declared = (network.cluster?.places ?? []).filter(({ group }) => group === 'domains').flatMap(({ blocks }) => blocks.flatMap((block) => block.ranges));
  const publicAddresses = representativeAddresses(subtractRanges(PUBLIC_RANGES, declared), ranges, [FOREIGN_ADDRESS, NAMELESS_ADDRESS].map(address));
  const publicAddresses6 = representativeAddresses(subtractRanges([PUBLIC_RANGE_V6], [...declared, ...network.vpcs.flatMap((vpc) => vpc.ranges)]), ranges, [address(FOREIGN_ADDRESS_V6)]);
  const addressesOf: AddressPlan = plan ?? ((placement, subnet) => (placement.fixedAddress !== undefined ? [parseAddress(placement.fixedAddress)].filter((found) => found !== undefined) : standIns(subnet, ranges)));

  const origins = (party: Party, family: 4 | 6): readonly Origin[] =>
    (party.placement?.subnets ?? []).flatMap((subnet) => addressesOf(party.placement!, subnet).filter((found) => found.family === family).map((found): Origin => ({ kind: 'interface', placement: party.placement!, subnet, address: found })));

  const foreign = (vpc: Vpc | undefined) => vpc !== undefined && isResolvable(vpc, FOREIGN_NAME);

  function toInternet(party: Party, what: string): readonly Probe[] {
    const v6 = what === 'ipv6';
    const addresses = v6 ? publicAddresses6 : what === 'nameless' || what === 'false-name' ? [address(NAMELESS_ADDRESS)] : publicAddresses;
    return origins(party, v6 ? 6 : 4).flatMap((from) =>
      addresses.flatMap((destination) =>
        internetTraffic(what, ports, others, inspected, names.map(({ name }) => name)).map(({ protocol, port, range, application }): Probe => ({
          kind: 'connection',
          ports: range,
          attempt: { from, destination, protocol, port, application, resolved: foreign(from.kind === 'interface' ? from.placement.vpc : undefined) },
        })),
      ),
    );
  }

  function toDomains(party: Party): readonly Probe[] {
    const vpc = party.placement?.vpc;
    return origins(party, 4).flatMap((from) =>
      names.flatMap(({ name, pattern, address: to }) =>
        allTraffic(ports, name).map(({ protocol, port, range, application }): Probe => ({
          kind: 'connection',
          ports: range,
          names: pattern,
          lookup: name,
          attempt: { from, destination: address(to), protocol, port, application, resolved: vpc !== undefined && isResolvable(vpc, name) },
        })),
      ),
    );
  }

  /** The internet, and the nodes whose addresses it has where a Service translates it. */
  function outsiders({ published }: Placement, family: 4 | 6): readonly Origin[] {
    const nodes = published?.some(({ translated }) => translated) ? representativeAddresses(NODE_RANGES, ranges) : [];
    return [address(family === 4 ? FOREIGN_ADDRESS : FOREIGN_ADDRESS_V6), ...nodes].filter((found) => found.family === family).map((found): Origin => ({ kind: 'internet', address: found }));
  }

  function toPlacement(party: Party | undefined, placement: Placement, application: Application, only?: readonly PortClass[], over: readonly number[] = [TCP]): readonly Probe[] {
    const targets = placement.subnets.flatMap((subnet) => addressesOf(placement, subnet).map((destination) => ({ subnet, destination })));
    return targets.flatMap(({ subnet, destination }) => {
      const from = party ? origins(party, destination.family) : outsiders(placement, destination.family);
      return from.flatMap((origin) =>
        (only ? onPorts(only, over) : eastWest(destination.family, ports, others)).map(({ protocol, port, range }): Probe => ({
          kind: 'connection',
          ports: range,
          attempt: { from: origin, destination, to: { placement, subnet }, protocol, port, application, resolved: false },
        })),
      );
    });
  }

  function toService(party: Party, service: string): readonly Probe[] {
    const destinations = serviceRanges(service).map((range) => addressIn(range, 10));
    return origins(party, 4).flatMap((from) =>
      destinations.map((destination): Probe => ({ kind: 'connection', ports: { from: 443, to: 443 }, lookup: serviceName(service), attempt: { from, destination, protocol: TCP, port: 443, application: { kind: 'tls', name: serviceName(service) }, resolved: party.placement !== undefined && isResolvable(party.placement.vpc, serviceName(service)) } })),
    );
  }

  function toPlace(party: Party, place: Place): readonly Probe[] {
    return place.blocks.flatMap((block) =>
      representativeAddresses(block.ranges, ranges).flatMap((destination) =>
        origins(party, destination.family).flatMap((from) =>
          eastWest(destination.family, ports, others).map(({ protocol, port, range }): Probe => ({
            kind: 'connection',
            ports: range,
            ...(block.name !== undefined && { names: block.name }),
            attempt: { from, destination, protocol, port, application: { kind: 'raw' }, resolved: false },
          })),
        ),
      ),
    );
  }

  /** A pod asks over UDP, and over TCP where the answer is long. */
  function toResolver(party: Party, resolver: Party): readonly Probe[] {
    const { placement } = resolver;
    return placement ? toPlacement(party, placement, { kind: 'dns' }, [{ port: 53, range: { from: 53, to: 53 } }], [TCP, UDP]) : [];
  }

  function toNeighbours(party: Party): readonly Probe[] {
    const elsewhere = (party.placement?.subnets ?? []).flatMap(({ routeTable }) => routeTable.routes.filter(({ target }) => ['peering', 'transit-gateway', 'unknown'].includes(target.kind)).flatMap((route) => route.ranges));
    const known = new Set(network.vpcs.flatMap((vpc) => vpc.ranges));
    const addresses = representativeAddresses(elsewhere, [...ranges, ...known], [address('10.77.0.10')]).filter(({ family }) => family === 4).filter((found) => !network.vpcs.some((vpc) => vpc.ranges.some((range) => range.family === found.family && range.first <= found.value && found.value <= range.last)));
    return origins(party, 4).flatMap((from) =>
      addresses.flatMap((destination) =>
        eastWest(4, ports, others).map(({ protocol, port, range }): Probe => ({ kind: 'connection', ports: range, attempt: { from, destination, protocol, port, application: { kind: 'raw' }, resolved: false } })),
      ),
    );
  }

  return {
    probes(source, { kind }) {
      if (source.kind === 'internet') return kind.kind === 'party' && kind.party.placement ? toPlacement(undefined, kind.party.placement, { kind: 'raw' }) : [];
      const { party } = source;
      switch (kind.kind) {
        case 'internet':
          return toInternet(party, kind.what);
        case 'domains':
          return toDomains(party);
        case 'dns':
          if (kind.what === 'forwarded') return [];
          return (kind.what === 'foreign' ? [{ name: FOREIGN_NAME }] : party.placement ? lookedUpNames(party.placement.vpc) : []).flatMap(({ name, ...named }) =>
            QUERY_TYPES.map((queryType): Probe => ({ kind: 'dns', name, queryType, ...('pattern' in named && { names: named.pattern }), ...(party.placement && { vpc: party.placement.vpc }) })),
          );
        case 'metadata':
          return [];
        case 'neighbours':
          return toNeighbours(party);
        case 'endpoint':
          if (kind.endpoint.vpc.id !== party.placement?.vpc.id) return [];
          return kind.endpoint.kind === 'gateway'
            ? toService(party, kind.endpoint.service)
            : kind.endpoint.placement
              ? toPlacement(party, kind.endpoint.placement, { kind: 'tls', name: serviceName(kind.endpoint.service) }, [{ port: 443, range: { from: 443, to: 443 } }])
              : [];
        case 'place':
          return toPlace(party, kind.place);
        case 'resolver':
          return toResolver(party, kind.party);
        case 'node':
          return [];
        case 'party':
          return kind.party.id === party.id || !kind.party.placement ? [] : toPlacement(party, kind.party.placement, { kind: 'raw' });
      }
    },
  };
}

/** Whether the resolver gives out an address for a name. */
export function isResolvable(vpc: Vpc, name: string): boolean {
  return vpc.dnsSupport && resolves(vpc.dnsFirewall, name, 'A').answered;
}

interface Traffic {
  readonly protocol: number;
  readonly port: number;
  readonly range: PortRange;
  readonly application: Application;
}

/** IPv6 addresses that are routed on the internet. */
const PUBLIC_RANGE_V6 = cidr('2000::/3');

/** Where the nodes of a cluster have their addresses. */
const NODE_RANGES = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].map(cidr);

const NO_PORT: PortRange = { from: 0, to: 65_535 };
const ECHO_REQUEST = 8;
const ECHO_REQUEST_V6 = 128;

function internetTraffic(what: string, ports: readonly PortClass[], others: readonly number[], inspected: boolean, names: readonly string[]): readonly Traffic[] {
  const over = (protocol: number, applications: readonly Application[]) => ports.flatMap(({ port, range }) => applications.map((application): Traffic => ({ protocol, port, range, application })));
  const raw: Application = { kind: 'raw' };
  switch (what) {
    case 'tcp':
      return over(TCP, inspected ? [raw, { kind: 'tls', name: FOREIGN_NAME }, { kind: 'http', host: FOREIGN_NAME }, { kind: 'ssh' }] : [raw]);
    case 'udp':
      return over(UDP, inspected ? [raw, { kind: 'quic', name: FOREIGN_NAME }, { kind: 'dns' }, { kind: 'ntp' }] : [raw]);
    case 'icmp':
      return [{ protocol: ICMP, port: ECHO_REQUEST, range: NO_PORT, application: raw }];
    case 'other':
      return [IPV6_IN_IPV4, ...others].flatMap((protocol) => onPorts(ports, [protocol])).map((traffic) => ({ ...traffic, application: raw }));
    case 'nameless':
      return over(TCP, [{ kind: 'tls' }, { kind: 'http', host: NAMELESS_ADDRESS }]);
    case 'false-name':
      return over(TCP, names.flatMap((name): Application[] => [{ kind: 'tls', name }, { kind: 'http', host: name }]));
    default:
      return [...over(TCP, [raw]), ...over(UDP, [raw]), { protocol: ICMPV6, port: ECHO_REQUEST_V6, range: NO_PORT, application: raw }];
  }
}

/** Whatever can be sent to the server of an allowed name, under its name and without. */
function allTraffic(ports: readonly PortClass[], name: string): readonly Traffic[] {
  const over = (protocol: number, applications: readonly Application[]) => ports.flatMap(({ port, range }) => applications.map((application): Traffic => ({ protocol, port, range, application })));
  const raw: Application = { kind: 'raw' };
  return [
    ...over(TCP, [{ kind: 'tls', name }, { kind: 'http', host: name }, raw, { kind: 'ssh' }]),
    ...over(UDP, [raw, { kind: 'quic', name }]),
    { protocol: ICMP, port: ECHO_REQUEST, range: NO_PORT, application: raw },
  ];
}

function eastWest(family: 4 | 6, ports: readonly PortClass[], others: readonly number[]): readonly Omit<Traffic, 'application'>[] {
  const icmp = family === 4 ? { protocol: ICMP, port: ECHO_REQUEST, range: NO_PORT } : { protocol: ICMPV6, port: ECHO_REQUEST_V6, range: NO_PORT };
  return [...onPorts(ports, [TCP, UDP, ...others]), icmp];
}

function onPorts(ports: readonly PortClass[], protocols: readonly number[]): readonly Omit<Traffic, 'application'>[] {
  return protocols.flatMap((protocol) => (hasPorts(protocol) ? ports.map(({ port, range }) => ({ protocol, port, range })) : [{ protocol, port: 0, range: NO_PORT }]));
}

function standIns({ ranges: own }: Subnet, ranges: readonly AddressRange[]): readonly Address[] {
  return representativeAddresses(own, ranges, own.map((range) => addressIn(range, 10)));
}

/** Protocols that a rule names besides those that are always tried. */
function namedProtocols(network: Network): readonly number[] {
  const groups = distinct(placements(network).flatMap(({ groups: own }) => own));
  const acls = distinct(network.subnets.flatMap(({ acl }) => acl ?? []));
  const rules = [...groups, ...acls].flatMap(({ ingress, egress }): readonly { readonly protocol: number | 'any' }[] => [...ingress, ...egress]);
  const tried: readonly (number | 'any')[] = ['any', TCP, UDP, ICMP, ICMPV6, IPV6_IN_IPV4];
  return [...new Set(rules.map(({ protocol }) => protocol))].filter((protocol): protocol is number => !tried.includes(protocol));
}

/** Every range that a rule or a route names. */
function namedRanges(network: Network): readonly AddressRange[] {
  const groups = distinct(placements(network).flatMap(({ groups: own }) => own));
  const acls = distinct(network.subnets.flatMap(({ acl }) => acl ?? []));
  return [
    ...groups.flatMap(({ ingress, egress }) => [...ingress, ...egress].flatMap(ruleRanges)),
    ...acls.flatMap(({ ingress, egress }) => [...ingress, ...egress].map(({ range }) => range)),
    ...network.subnets.flatMap(({ routeTable }) => routeTable.routes.flatMap((route) => route.ranges)),
    ...network.firewalls.flatMap(({ policy }) => [
      ...policy.stateful.flatMap(({ source, destination }) => [...source.include, ...source.exclude, ...destination.include, ...destination.exclude]),
      ...policy.stateless.flatMap(({ sources, destinations }) => [...sources, ...destinations]),
      ...(policy.resolvedAddressesOnly ? [...policy.resolvedAddressesOnly.sources, ...policy.resolvedAddressesOnly.exempt] : []),
    ]),
  ].filter((range, index, all) => all.findIndex((other) => other.family === range.family && other.first === range.first && other.last === range.last) === index);
}

function namedPorts(network: Network): readonly PortRange[] {
  const groups = distinct(placements(network).flatMap(({ groups: own }) => own));
  const acls = distinct(network.subnets.flatMap(({ acl }) => acl ?? []));
  const rules = groups.flatMap(({ ingress, egress }) => [...ingress, ...egress]);
  return [
    ...placements(network).flatMap(({ published }) => (published ?? []).map(({ port }) => ({ from: port, to: port }))),
    ...rules.flatMap(({ ports, protocol }) => (ports && protocol !== ICMP && protocol !== ICMPV6 ? [ports] : [])),
    ...acls.flatMap(({ ingress, egress }) => [...ingress, ...egress].flatMap(({ ports }) => (ports ? [ports] : []))),
    ...network.firewalls.flatMap(({ policy }) => [...policy.stateful, ...policy.stateless].flatMap(({ destinationPorts }) => [...destinationPorts.include, ...destinationPorts.exclude])),
  ];
}

function placements({ parties, endpoints, cluster }: Network): readonly Placement[] {
  return [...parties, ...endpoints, ...(cluster ? [cluster.resolver] : [])].flatMap(({ placement }) => placement ?? []);
}

function ruleRanges({ peer }: GroupRule): readonly AddressRange[] {
  return peer.kind === 'ranges' ? peer.ranges : [];
}

function distinct<T extends { readonly id: string }>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}
