import { compliantIf, type SecurityRule } from '../rule';
import { asList, asRecord } from '../template';

export const firewallDropsByDefault: SecurityRule = {
  id: 'FirewallDropsByDefault',
  controls: ['NET-1', 'PUB-6'],
  finding: 'A network firewall passes what none of its rules is about.',
  fix: 'Use STRICT_ORDER with a default action that drops, and forward packets and fragments to the stateful rules or drop them.',
  resourceTypes: ['AWS::NetworkFirewall::FirewallPolicy'],
  property: 'Properties.FirewallPolicy',
  check({ properties }) {
    const policy = asRecord(properties.FirewallPolicy);
    const stateless = [...asList(policy.StatelessDefaultActions), ...asList(policy.StatelessFragmentDefaultActions)];
    if (stateless.includes('aws:pass')) return 'non-compliant';
    if (stateless.length > 0 && stateless.every((action) => action === 'aws:drop')) return 'compliant';
    const strict = asRecord(policy.StatefulEngineOptions).RuleOrder === 'STRICT_ORDER';
    return compliantIf(strict && asList(policy.StatefulDefaultActions).some((action) => String(action).startsWith('aws:drop_')));
  },
};
