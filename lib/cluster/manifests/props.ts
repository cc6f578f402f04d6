import type { ImageSignatures } from './image-signatures';
import type { SecretStore } from './secret-store';
import type { ServiceMesh } from './service-mesh';
import type { GatewayWorkload, ServerWorkload } from './workload-props';

/** What is put into a Kubernetes cluster: one gateway and the MCP servers behind it. */
export interface ClusterManifestsProps {
  /** The gateway: the only thing that servers take connections from. */
  readonly gateway: GatewayWorkload;

  /** MCP servers, each in a namespace of its own (MUL-2, MUL-4, MUL-5). */
  readonly servers: ServerWorkload[];

  /**
   * What all namespaces begin with. Two sets of manifests in one cluster need two.
   *
   * @default 'mcp-'
   */
  readonly namespacePrefix?: string;

  /**
   * What encrypts and authenticates connections between gateway and servers (NET-2, NET-4).
   *
   * @default ServiceMesh.istioAmbient()
   */
  readonly mesh?: ServiceMesh;

  /**
   * Where secrets of servers come from (MUL-3).
   *
   * @default - servers with secrets are refused
   */
  readonly secretStore?: SecretStore;

  /**
   * Whose signature an image must have before a pod of it starts (SC-1).
   *
   * @default - signatures are not checked, digests are
   */
  readonly imageSignatures?: ImageSignatures;

  /**
   * What enforces egress by name. A NetworkPolicy knows addresses only, so without this a server with `domains` in its egress is refused.
   *
   * @default - egress is by address
   */
  readonly domainPolicies?: DomainPolicies;

  /**
   * Mandatory access control of the nodes (CON-4). Nodes without AppArmor (Amazon Linux 2023, Bottlerocket, EKS Auto Mode) refuse pods that ask for
   * it; they have SELinux.
   *
   * @default MandatoryAccessControl.APP_ARMOR
   */
  readonly accessControl?: MandatoryAccessControl;

  /**
   * Group by which the cluster knows the response to incidents, which may cut servers off and stop them, and nothing else (IR-2). On Amazon EKS the
   * access entry of a role names it.
   *
   * @default - nobody may
   */
  readonly responders?: string;

  /**
   * Addresses that answer DNS, in CIDR notation, where that is not CoreDNS in pods: NodeLocal DNSCache (169.254.20.10/32), or the address of the
   * cluster's DNS in EKS Auto Mode.
   *
   * @default - the pods of CoreDNS in kube-system
   */
  readonly dnsCidrs?: string[];

  /**
   * Name that the cluster's services are below.
   *
   * @default 'cluster.local'
   */
  readonly clusterDomain?: string;
}

/** What enforces egress by name. */
export enum DomainPolicies {
  /** CiliumNetworkPolicy: the agent of Cilium reads the answers of DNS. */
  CILIUM = 'cilium',
  /** ApplicationNetworkPolicy of EKS Auto Mode. */
  EKS_AUTO_MODE = 'eks-auto-mode',
}

/** Mandatory access control of nodes. */
export enum MandatoryAccessControl {
  /** Pods ask for the profile of their container runtime. */
  APP_ARMOR = 'apparmor',
  /** The runtime confines containers by itself; pods may not ask for another type or user. */
  SELINUX = 'selinux',
}
