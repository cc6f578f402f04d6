import type * as acm from 'aws-cdk-lib/aws-certificatemanager';

/** What a workload may reach outside of its zone. */
export interface EgressOptions {
  /** Exact names of the servers: `api.example.com`. */
  readonly domains?: string[];

  /**
   * Ports on which these servers speak TLS.
   *
   * @default [443]
   */
  readonly ports?: number[];

  /**
   * Names that may be reached together with every name below them. Whoever can register or answer for one name below can be
   * reached too, and the labels of a looked-up name carry data out.
   *
   * @default - none
   */
  readonly unsafeDomainsWithSubdomains?: string[];

  /**
   * Ports on which the servers speak plain HTTP, which anyone on the way reads and changes (NET-4).
   *
   * @default - none
   */
  readonly unsafePlainHttpPorts?: number[];
}

/** How the declared ways out of a zone are guarded. */
export interface ZoneEgressProps {
  /**
   * Certificate authority by which the firewall decrypts the TLS of workloads with egress and looks inside. Workloads must trust it.
   * With it the firewall checks that the server has a certificate for the name that the client sent. It cannot be added to or taken
   * from a firewall policy that exists.
   *
   * @default - names are read from the ClientHello, and nothing is decrypted
   */
  readonly tlsInspectionAuthority?: acm.ICertificate;

  /**
   * Managed rule groups of AWS in strict order, which drop known attacks before any declared name is looked at:
   * `ThreatSignaturesBotnetStrictOrder`, `ThreatSignaturesMalwareStrictOrder` and others.
   *
   * @default - none
   */
  readonly managedRuleGroups?: string[];

  /**
   * Capacity of the rule group, one for each rule. It cannot be changed for a rule group that exists: a change replaces the group.
   *
   * @default 1000
   */
  readonly ruleCapacity?: number;
}
