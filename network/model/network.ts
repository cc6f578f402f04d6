import type { AddressRange } from '../address';
import type { DnsFirewall } from './dns-firewall';
import type { PolicyReach } from './endpoint-policy';
import type { FirewallPolicy } from '../firewall/policy';

/** What a set of templates makes of the network: who is in it, and everything that decides who can open a connection to whom. */
export interface Network {
  readonly vpcs: readonly Vpc[];
  readonly subnets: readonly Subnet[];
  /** Whoever has an interface: what runs code, and what only answers. */
  readonly parties: readonly Party[];
  readonly endpoints: readonly Endpoint[];
  readonly firewalls: readonly Firewall[];
  readonly peerings: readonly Peering[];
  readonly transitGateways: readonly TransitGateway[];
  readonly unknowns: readonly Unknown[];
  /** What pods can connect to besides each other. @default - the network is of VPCs, and no cluster's */
  readonly cluster?: Surroundings;
}

/** What is around the pods of a cluster. */
export interface Surroundings {
  readonly places: readonly Place[];
  /** Who answers the DNS queries of pods, and asks for any name. */
  readonly resolver: Party;
}

/** Addresses that mean something to whoever is in the network. */
export interface Place {
  readonly id: string;
  readonly label: string;
  readonly group: 'domains' | 'metadata' | 'neighbours';
  /** What it means that somebody gets there. */
  readonly meaning: 'open' | 'limited';
  readonly blocks: readonly AddressBlock[];
}

export interface AddressBlock {
  /** What somebody calls it. @default - it is not told apart from the others of its place */
  readonly name?: string;
  readonly ranges: readonly AddressRange[];
}

/** Something that cannot be modelled. It counts as open for whatever it concerns. */
export interface Unknown {
  /** The resource, or the stack. */
  readonly subject: string;
  /** What is not known about it, in one clause. */
  readonly why: string;
  /** The VPC, or the namespace of pods, that it may open; all of them where none is named. */
  readonly vpc?: string;
}

export interface Vpc {
  readonly id: string;
  readonly name: string;
  readonly ranges: readonly AddressRange[];
  /** Whether Amazon's resolver answers in it. */
  readonly dnsSupport: boolean;
  readonly dnsFirewall: DnsFirewall;
  /** Names whose queries a resolver rule sends elsewhere, and where to. */
  readonly forwarding: readonly { readonly domain: string; readonly to: string; readonly rule: string }[];
  readonly internetGateway?: string;
}

export interface Subnet {
  readonly id: string;
  readonly name: string;
  readonly vpc: Vpc;
  readonly ranges: readonly AddressRange[];
  readonly mapsPublicAddress: boolean;
  /** Undefined is the default network ACL, which allows everything. */
  readonly acl?: NetworkAcl;
  readonly routeTable: RouteTable;
}

export interface RouteTable {
  /** Undefined is the main table of the VPC, which has only the local route. */
  readonly id?: string;
  readonly routes: readonly Route[];
}

export interface Route {
  readonly ranges: readonly AddressRange[];
  readonly target: RouteTarget;
  /** What was written, e.g. `0.0.0.0/0`. */
  readonly destination: string;
}

export type RouteTarget =
  | { readonly kind: 'internet-gateway'; readonly id: string }
  | { readonly kind: 'egress-only-gateway'; readonly id: string }
  | { readonly kind: 'nat-gateway'; readonly id: string; readonly subnet?: string; readonly private: boolean }
  | { readonly kind: 'firewall'; readonly firewall: string; readonly subnet?: string }
  | { readonly kind: 'peering'; readonly id: string }
  | { readonly kind: 'transit-gateway'; readonly id: string }
  | { readonly kind: 'gateway-endpoint'; readonly id: string }
  /** The node that a pod runs on: it takes packets to pods, and out of the cluster. */
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'unknown'; readonly id: string; readonly why: string };

/** A protocol by its number: 6 TCP, 17 UDP, 132 SCTP, 1 ICMP, 58 ICMPv6. */
export type ProtocolNumber = number;

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface NetworkAcl {
  readonly id: string;
  readonly name: string;
  /** In the order in which they are tried. */
  readonly ingress: readonly AclRule[];
  readonly egress: readonly AclRule[];
}

export interface AclRule {
  readonly number: number;
  readonly allow: boolean;
  readonly protocol: ProtocolNumber | 'any';
  /** Undefined is every port, or every type of ICMP. */
  readonly ports?: PortRange;
  readonly range: AddressRange;
  /** A rule on one code of an ICMP type: it denies no more than that code. */
  readonly icmpCode?: number;
}

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly ingress: readonly GroupRule[];
  readonly egress: readonly GroupRule[];
}

export interface GroupRule {
  readonly protocol: ProtocolNumber | 'any';
  readonly ports?: PortRange;
  readonly peer: RulePeer;
  /** As people read it, e.g. `tcp 443 to 0.0.0.0/0`. */
  readonly text: string;
}

export type RulePeer =
  | { readonly kind: 'ranges'; readonly ranges: readonly AddressRange[] }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'unknown'; readonly why: string };

export type PartyKind = 'instance' | 'ecs-service' | 'ecs-task' | 'lambda' | 'load-balancer' | 'vpc-link' | 'interface' | 'store' | 'other' | PodKind;

/** Who makes the pods: a kind of the Kubernetes API, or nobody that a manifest names. */
export type PodKind = 'deployment' | 'stateful-set' | 'daemon-set' | 'replica-set' | 'job' | 'cron-job' | 'pod' | 'any-pod';

/** Whoever can be at an end of a connection. */
export interface Party {
  readonly id: string;
  readonly name: string;
  readonly kind: PartyKind;
  /** From the tag `mcp-zero-trust:role`. */
  readonly role?: string;
  /** Whether it runs code that could be somebody else's. */
  readonly workload: boolean;
  /** Undefined where it is in no VPC: a function that nobody placed in one reaches the internet. */
  readonly placement?: Placement;
  readonly metadata: MetadataService;
  /** Whether it is somebody else's, and asked about only as far as it concerns who is not. @default false */
  readonly outside?: boolean;
}

export interface Placement {
  readonly vpc: Vpc;
  readonly subnets: readonly Subnet[];
  readonly groups: readonly SecurityGroup[];
  /** A network load balancer may have none, and then lets everything through. */
  readonly unfiltered: boolean;
  readonly publicAddress: boolean;
  readonly ipv6: boolean;
  readonly fixedAddress?: string;
  /** What its rules are called. @default - security group */
  readonly rules?: string;
  /** The only ports that the public address leads to. @default - all of them */
  readonly published?: readonly Publication[];
}

/** Ports of a pod that the internet reaches over its cluster. */
export interface Publication {
  readonly protocol: ProtocolNumber;
  readonly port: number;
  /** Whether they arrive with the address of a node as well. */
  readonly translated: boolean;
}

/** What answers at link-local addresses: the instance metadata service, or the credentials of a task. */
export type MetadataService = 'none' | 'instance-v1' | 'instance-v2' | 'task-credentials';

/** A VPC endpoint for a service. */
export interface Endpoint {
  readonly id: string;
  readonly name: string;
  readonly kind: 'gateway' | 'interface';
  /** The last part of the service name, e.g. `s3`. */
  readonly service: string;
  readonly vpc: Vpc;
  readonly policy: PolicyReach;
  /** Interface endpoints have interfaces like everyone. */
  readonly placement?: Placement;
}

export interface Firewall {
  readonly id: string;
  readonly name: string;
  readonly subnets: readonly string[];
  readonly policy: FirewallPolicy;
}

export interface Peering {
  readonly id: string;
  readonly vpcs: readonly (string | undefined)[];
}

export interface TransitGateway {
  readonly id: string;
  readonly vpcs: readonly string[];
}
