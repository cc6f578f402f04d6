import type { Endpoint, Network, Party, Place, Surroundings } from './model';

/** What a connection can be opened to: a column of the matrix. */
export interface Destination {
  readonly id: string;
  readonly label: string;
  readonly group: DestinationGroup;
  /** What it means that one of its attempts arrives. */
  readonly meaning: 'open' | 'limited';
  readonly kind: DestinationKind;
}

/** What assertions can name. */
export type DestinationGroup = 'internet' | 'domains' | 'dns' | 'metadata' | 'neighbours' | 'endpoints' | 'foreign-accounts' | 'workloads' | 'load-balancers' | 'stores' | 'nodes' | 'unknown';

export type DestinationKind =
  | { readonly kind: 'internet'; readonly what: 'tcp' | 'udp' | 'icmp' | 'other' | 'nameless' | 'false-name' | 'ipv6' }
  | { readonly kind: 'domains' }
  | { readonly kind: 'dns'; readonly what: 'foreign' | 'allowed' | 'forwarded' }
  | { readonly kind: 'metadata' }
  | { readonly kind: 'neighbours' }
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint; readonly foreign: boolean }
  | { readonly kind: 'place'; readonly place: Place }
  /** Whoever answers the DNS queries of pods. */
  | { readonly kind: 'resolver'; readonly party: Party }
  /** The node that a pod runs on. */
  | { readonly kind: 'node' }
  | { readonly kind: 'party'; readonly party: Party };

/** Every destination that a network gives reason to ask about. */
export function destinationsOf(network: Network): readonly Destination[] {
  return [...(network.cluster ? aroundCluster(network.cluster) : aroundVpcs(network)), ...partiesOf(network)];
}

function internet(what: Extract<DestinationKind, { kind: 'internet' }>['what'], label: string): Destination {
  return { id: `internet:${what}`, label, group: 'internet', meaning: 'open', kind: { kind: 'internet', what } };
}

/** Rules about pods know addresses and ports, and no names. */
function aroundCluster({ places, resolver }: Surroundings): readonly Destination[] {
  return [
    internet('tcp', 'internet, TCP'),
    internet('udp', 'internet, UDP'),
    internet('icmp', 'internet, ICMP'),
    internet('other', 'internet, other protocols'),
    internet('ipv6', 'internet over IPv6'),
    { id: 'dns', label: 'DNS, any name', group: 'dns', meaning: 'open', kind: { kind: 'resolver', party: resolver } },
    ...places.map((place): Destination => ({ id: place.id, label: place.label, group: place.group, meaning: place.meaning, kind: { kind: 'place', place } })),
    { id: 'node', label: 'the node that it runs on', group: 'nodes', meaning: 'limited', kind: { kind: 'node' } },
  ];
}

function partiesOf({ parties }: Network): readonly Destination[] {
  return parties
    .filter(({ placement }) => placement !== undefined)
    .map((party): Destination => ({ id: party.id, label: party.name, group: groupOf(party), meaning: 'open', kind: { kind: 'party', party } }));
}

function groupOf({ kind, outside }: Party): DestinationGroup {
  if (outside) return 'neighbours';
  return kind === 'load-balancer' ? 'load-balancers' : kind === 'store' ? 'stores' : 'workloads';
}

function aroundVpcs(network: Network): readonly Destination[] {
  const { endpoints, vpcs, peerings, transitGateways, subnets } = network;
  const leaves = peerings.length + transitGateways.length > 0 || subnets.some(({ routeTable }) => routeTable.routes.some(({ target }) => ['peering', 'transit-gateway', 'unknown'].includes(target.kind)));
  const named = network.firewalls.length > 0;
  return [
    internet('tcp', 'internet, TCP'),
    internet('udp', 'internet, UDP'),
    internet('icmp', 'internet, ICMP'),
    internet('other', 'internet, other protocols'),
    internet('nameless', 'internet, by address without a name'),
    ...(named ? [internet('false-name', 'internet, under an allowed name that is not its own')] : []),
    internet('ipv6', 'internet over IPv6'),
    ...(named ? [{ id: 'domains', label: 'allowed domains', group: 'domains', meaning: 'limited', kind: { kind: 'domains' } } as const] : []),
    { id: 'dns', label: 'DNS, any name', group: 'dns', meaning: 'open', kind: { kind: 'dns', what: 'foreign' } },
    ...(vpcs.some(({ dnsFirewall }) => dnsFirewall.rules.length > 0) ? [{ id: 'dns:allowed', label: 'DNS, allowed names', group: 'domains', meaning: 'limited', kind: { kind: 'dns', what: 'allowed' } } as const] : []),
    ...(vpcs.some(({ forwarding }) => forwarding.length > 0) ? [{ id: 'dns:forwarded', label: 'DNS, sent to another resolver', group: 'dns', meaning: 'open', kind: { kind: 'dns', what: 'forwarded' } } as const] : []),
    { id: 'metadata', label: 'metadata service', group: 'metadata', meaning: 'limited', kind: { kind: 'metadata' } },
    ...(leaves ? [{ id: 'neighbours', label: 'networks outside of the templates', group: 'neighbours', meaning: 'open', kind: { kind: 'neighbours' } } as const] : []),
    ...endpoints.flatMap((endpoint): readonly Destination[] => [
      { id: `endpoint:${endpoint.id}`, label: `${endpoint.service}, own resources`, group: 'endpoints', meaning: 'limited', kind: { kind: 'endpoint', endpoint, foreign: false } },
      { id: `foreign:${endpoint.id}`, label: `${endpoint.service} of others`, group: 'foreign-accounts', meaning: 'open', kind: { kind: 'endpoint', endpoint, foreign: true } },
    ]),
  ];
}
