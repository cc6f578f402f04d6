/** What a zone becomes on one machine: namespaces, their links, routes and rules. Addresses mean something only between them. */
export interface Plan {
  readonly subnets: readonly PlannedSubnet[];
  readonly hosts: readonly Host[];
  readonly appliances: readonly Appliance[];
  readonly services: readonly Service[];
  readonly dns: DnsRules;
  /** Rules of the internet gateway: private addresses with a public one, and who may be reached over IPv6 from outside. */
  readonly publicAddresses: readonly { readonly inside: string; readonly outside: string }[];
  readonly acceptsIpv6: boolean;
  /** What the template holds and the range cannot build, one clause each. */
  readonly notBuilt: readonly string[];
}

export interface PlannedSubnet {
  readonly id: string;
  readonly index: number;
  readonly blocks: readonly string[];
  /** Statements of a stateless chain, in order; undefined is a network ACL that allows everything. */
  readonly acl?: { readonly ingress: readonly string[]; readonly egress: readonly string[] };
  readonly routes: readonly PlannedRoute[];
}

export interface PlannedRoute {
  readonly to: string;
  readonly hop: Hop;
}

/** Where a route leads: a namespace with a leg on the fabric. */
export type Hop = { readonly kind: 'internet-gateway' } | { readonly kind: 'appliance'; readonly id: string } | { readonly kind: 'service'; readonly id: string };

/** An interface of somebody, in one subnet: a namespace with a stateful filter. */
export interface Host {
  /** The resource that has it. */
  readonly owner: string;
  readonly subnet: string;
  readonly addresses: readonly string[];
  /** Statements of the chains for new connections, in and out; undefined filters nothing. */
  readonly filter?: { readonly ingress: readonly string[]; readonly egress: readonly string[] };
  readonly metadata: 'none' | 'instance-v1' | 'instance-v2' | 'task-credentials';
  /** A service that answers here and asks this policy. */
  readonly service?: { readonly name: string; readonly policy: unknown };
}

/** A firewall endpoint or a NAT gateway: traffic enters it from the fabric and leaves it into its subnet. */
export interface Appliance {
  readonly id: string;
  readonly subnet: string;
  readonly address: string;
  readonly kind: 'nat' | 'firewall';
  readonly firewall?: FirewallRules;
}

export interface FirewallRules {
  /** Lines of a chain for what is not TCP, in order. */
  readonly packets: readonly string[];
  /** Lines for what the stateless rules pass without inspection, before anything else. */
  readonly bypass: readonly string[];
  /** Lines of the proxy for TCP: what may open a connection, and what it may say then. */
  readonly connection: readonly string[];
  readonly content: readonly string[];
  /** Whether destinations must be addresses that the resolver answered with. */
  readonly resolvedOnly: boolean;
}

/** A gateway endpoint: a namespace on the fabric that has the addresses of the service. */
export interface Service {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly policy: unknown;
}

export interface DnsRules {
  readonly address: string;
  readonly enabled: boolean;
  readonly rules: readonly { readonly action: string; readonly domains: readonly string[] | null; readonly type: string | null }[];
  readonly failsOpen: boolean;
}
