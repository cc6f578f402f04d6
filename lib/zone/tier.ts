/** A part of the zone, with subnets and a network ACL of its own in each availability zone. */
export enum ZoneTier {
  /** MCP servers. */
  WORKLOAD = 'workload',
  /** What stands in front of them: the gateway and its load balancer. */
  FRONT = 'front',
  /** Interface endpoints of AWS services. */
  ENDPOINT = 'endpoint',
}
