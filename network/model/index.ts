/** The network that templates make, in the terms of Amazon VPC. */
export * from './network';
export { readNetwork } from './read';
export { resolves } from './dns-firewall';
export type { DnsFirewall } from './dns-firewall';
export { serviceRanges } from './aws-services';
export { hasPorts, ICMP, ICMPV6, IPV6_IN_IPV4, protocolName, SCTP, TCP, UDP } from './protocol';
