import { ApiObject, type Chart } from 'cdk8s';
import type { Plan, PlannedWorkload } from './plan';
import { labelsOf, selectorOf } from './pod';
import { DomainPolicies } from './props';
import type { EgressRule } from './workload-props';

/**
 * Egress by name, for what can enforce it. Names are what DNS answers: whoever shares an address with a declared name is reached under it.
 *
 * Control: NET-1.
 */
export function addDomainPolicy(chart: Chart, plan: Plan, workload: PlannedWorkload): void {
  const { name, namespace } = workload;
  const rules = domainRulesOf(workload);
  if (rules.length === 0) return;
  const metadata = { name: 'egress-by-name', namespace, labels: labelsOf(workload) };
  const byCilium = plan.props.domainPolicies === DomainPolicies.CILIUM;
  new ApiObject(chart, `domains-${name}`, byCilium ? { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata, spec: ciliumSpec(plan, workload, rules) } : { apiVersion: 'networking.k8s.aws/v1alpha1', kind: 'ApplicationNetworkPolicy', metadata, spec: eksSpec(workload, rules) });
}

/** Whether Cilium's own policy says which names a workload may look up; then no other rule may open DNS to it. */
export function hasFilteredDns({ props }: Plan, workload: PlannedWorkload): boolean {
  return props.domainPolicies === DomainPolicies.CILIUM && domainRulesOf(workload).length > 0;
}

function domainRulesOf({ props }: PlannedWorkload): readonly EgressRule[] {
  return (props.egress ?? []).filter(({ domains = [] }) => domains.length > 0);
}

function ciliumSpec({ props }: Plan, workload: PlannedWorkload, rules: readonly EgressRule[]): object {
  const names = rules.flatMap(({ domains = [] }) => domains.map((matchName) => ({ matchName })));
  const dns = { toPorts: [{ ports: [{ port: '53', protocol: 'ANY' }], rules: { dns: [...names, { matchPattern: `*.*.svc.${props.clusterDomain ?? 'cluster.local'}` }] } }] };
  const resolver = props.dnsCidrs === undefined ? { toEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'kube-system', 'k8s:k8s-app': 'kube-dns' } }] } : { toCIDR: props.dnsCidrs };
  return {
    endpointSelector: { matchLabels: selectorOf(workload) },
    egress: [{ ...resolver, ...dns }, ...rules.map(({ domains = [], ports = [443] }) => ({ toFQDNs: domains.map((matchName) => ({ matchName })), toPorts: [{ ports: ports.map((port) => ({ port: `${port}`, protocol: 'TCP' })) }] }))],
  };
}

function eksSpec(workload: PlannedWorkload, rules: readonly EgressRule[]): object {
  return {
    podSelector: { matchLabels: selectorOf(workload) },
    policyTypes: ['Egress'],
    egress: rules.map(({ domains = [], ports = [443] }) => ({ to: [{ domainNames: [...domains] }], ports: ports.map((port) => ({ protocol: 'TCP', port })) })),
  };
}
