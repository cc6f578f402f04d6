/** The declared ways out of a zone: rules of the firewall as text, and the firewall that enforces them. */
export { assertDomainName, assertParentDomain } from './domain-name';
export * from './suricata-rules';
