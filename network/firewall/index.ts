/** AWS Network Firewall: its policies and rules as templates write them, and what they decide on one connection. */
export { decideFlow, matchesName } from './decide';
export type { FirewallDecision } from './decide';
export type { Application, Flow } from './flow';
export { readFirewallPolicy } from './policy';
export type { FirewallPolicy } from './policy';
export { parseRule, parseRules } from './suricata';
export type { StatefulRule } from './suricata';
