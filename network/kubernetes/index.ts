/**
 * Who can open a connection to whom in a cluster, computed from its manifests (NET-2, MUL-5): NetworkPolicies as rules of the same
 * engine that reads the groups, routes and firewalls of a VPC.
 */
export { findManifests, readManifestText } from './manifest';
export type { Manifest } from './manifest';
export { readCluster } from './read';
