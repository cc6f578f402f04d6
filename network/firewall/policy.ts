import { parseCidr, type AddressRange } from '../address';
import { listOf, numberOf, recordOf, recordsOf, textOf } from '../model/property';
import { referenceIn, type Resource } from '../template';
import { ANY_ADDRESS, ANY_PORT, parsePorts, parseRules, type AddressSet, type PortSet, type StatefulRule, type Variables } from './suricata';

/** A policy of AWS Network Firewall. */
export interface FirewallPolicy {
  readonly id: string;
  readonly stateless: readonly StatelessRule[];
  readonly statelessDefault: StatelessAction;
  readonly statelessFragmentDefault: StatelessAction;
  readonly strictOrder: boolean;
  /** In the order in which they are tried. */
  readonly stateful: readonly StatefulRule[];
  /** What becomes of traffic that no rule decides. */
  readonly statefulDefault: 'pass' | 'drop-all' | 'drop-established';
  /** Where connections must go to an address that the zone's resolver answered with, for some name. */
  readonly resolvedAddressesOnly?: ResolvedAddressesOnly;
  /** Where the firewall ends TLS and checks the server's certificate, a false name has no certificate. */
  readonly inspectsTls: boolean;
  readonly unread: readonly string[];
}

/** Whose connections must go to an address that the resolver answered with, and to which addresses they may go all the same. */
export interface ResolvedAddressesOnly {
  readonly sources: readonly AddressRange[];
  readonly exempt: readonly AddressRange[];
}

export type StatelessAction = 'pass' | 'drop' | 'inspect';

export interface StatelessRule {
  readonly action: StatelessAction;
  readonly protocols: readonly number[];
  readonly sources: readonly AddressRange[];
  readonly sourcePorts: PortSet;
  readonly destinations: readonly AddressRange[];
  readonly destinationPorts: PortSet;
}

/**
 * @param homeNet ranges of the firewall's VPC, which `$HOME_NET` stands for by default
 */
export function readFirewallPolicy(reference: unknown, resources: ReadonlyMap<string, Resource>, homeNet: readonly AddressRange[]): FirewallPolicy | undefined {
  const resource = resources.get(referenceIn(reference)?.resourceId ?? '');
  if (resource?.type !== 'AWS::NetworkFirewall::FirewallPolicy') return undefined;
  const policy = recordOf(resource.properties.FirewallPolicy);
  const unread: string[] = [];
  const strictOrder = recordOf(policy.StatefulEngineOptions).RuleOrder === 'STRICT_ORDER';
  const groups = (references: unknown) =>
    recordsOf(references)
      .map((entry) => ({ priority: numberOf(entry.Priority) ?? 0, arn: textOf(entry.ResourceArn) ?? '?', group: resources.get(referenceIn(entry.ResourceArn)?.resourceId ?? '') }))
      .sort((a, b) => a.priority - b.priority);
  const stateful: StatefulRule[] = [];
  for (const { arn, group } of groups(policy.StatefulRuleGroupReferences)) {
    // Groups of AWS only ever drop or alert; one of somebody else may pass anything.
    if (!group && /:aws-managed:/.test(arn)) continue;
    if (!group) unread.push(`rule group ${arn} is in no template`);
    else stateful.push(...readStateful(group, homeNet, strictOrder, unread));
  }
  const defaults = listOf(policy.StatefulDefaultActions).map(String);
  return {
    id: resource.id,
    stateless: groups(policy.StatelessRuleGroupReferences).flatMap(({ arn, group }) => {
      if (!group) unread.push(`rule group ${arn} is in no template`);
      return group ? readStateless(group) : [];
    }),
    statelessDefault: statelessAction(listOf(policy.StatelessDefaultActions)),
    statelessFragmentDefault: statelessAction(listOf(policy.StatelessFragmentDefaultActions)),
    strictOrder,
    stateful,
    statefulDefault: !strictOrder ? 'pass' : defaults.includes('aws:drop_strict') ? 'drop-all' : defaults.some((action) => action.startsWith('aws:drop_established')) ? 'drop-established' : 'pass',
    ...readValidation(recordOf(policy.Route53ResolvedIPValidation), homeNet),
    inspectsTls: policy.TLSInspectionConfigurationArn !== undefined,
    unread,
  };
}

/** Without a list of sources, those of the firewall's VPC are checked; with an empty one, none. */
function readValidation(validation: Readonly<Record<string, unknown>>, homeNet: readonly AddressRange[]): Pick<FirewallPolicy, 'resolvedAddressesOnly'> {
  if (validation.Action !== 'DROP' && validation.Action !== 'REJECT') return {};
  const ranges = (value: unknown) => recordsOf(value).flatMap(({ AddressDefinition }) => parseCidr(AddressDefinition) ?? []);
  const sources = validation.SourceIPRanges === undefined ? homeNet : ranges(validation.SourceIPRanges);
  return { resolvedAddressesOnly: { sources, exempt: ranges(validation.BypassDestinationValidationIPRanges) } };
}

function statelessAction(actions: readonly unknown[]): StatelessAction {
  if (actions.includes('aws:drop')) return 'drop';
  return actions.includes('aws:forward_to_sfe') ? 'inspect' : 'pass';
}

function readStateless({ properties }: Resource): readonly StatelessRule[] {
  const source = recordOf(recordOf(recordOf(properties.RuleGroup).RulesSource).StatelessRulesAndCustomActions);
  return recordsOf(source.StatelessRules)
    .map((rule) => ({ priority: numberOf(rule.Priority) ?? 0, definition: recordOf(rule.RuleDefinition) }))
    .sort((a, b) => a.priority - b.priority)
    .map(({ definition }) => {
      const match = recordOf(definition.MatchAttributes);
      const ranges = (value: unknown) => recordsOf(value).flatMap(({ AddressDefinition }) => parseCidr(AddressDefinition) ?? []);
      const ports = (value: unknown): PortSet => {
        const include = recordsOf(value).map(({ FromPort, ToPort }) => ({ from: numberOf(FromPort) ?? 0, to: numberOf(ToPort) ?? 65_535 }));
        return { any: include.length === 0, include, exclude: [] };
      };
      return {
        action: statelessAction(listOf(definition.Actions)),
        protocols: listOf(match.Protocols).map(Number),
        sources: ranges(match.Sources),
        sourcePorts: ports(match.SourcePorts),
        destinations: ranges(match.Destinations),
        destinationPorts: ports(match.DestinationPorts),
      };
    });
}

function readStateful({ id, properties }: Resource, homeNet: readonly AddressRange[], strictOrder: boolean, unread: string[]): readonly StatefulRule[] {
  const group = recordOf(properties.RuleGroup);
  const source = recordOf(group.RulesSource);
  const variables = readVariables(recordOf(group.RuleVariables), homeNet);
  const rules: StatefulRule[] = [];
  if (source.RulesString !== undefined) {
    const parsed = parseRules(textOf(source.RulesString) ?? '', variables);
    rules.push(...parsed.rules);
    unread.push(...parsed.unread.map((line) => `a line of ${id}: ${line.slice(0, 120)}`));
  }
  if (source.RulesSourceList !== undefined) rules.push(...domainListRules(recordOf(source.RulesSourceList), variables, strictOrder));
  for (const rule of recordsOf(source.StatefulRules)) rules.push(...headerRule(rule, variables, unread, id));
  return rules;
}

function readVariables(variables: Readonly<Record<string, unknown>>, homeNet: readonly AddressRange[]): Variables {
  const home: AddressSet = { any: false, include: homeNet, exclude: [], unknown: false };
  const addresses = new Map<string, AddressSet>([['HOME_NET', home]]);
  for (const [name, set] of Object.entries(recordOf(variables.IPSets))) {
    const ranges = listOf(recordOf(set).Definition).map(parseCidr);
    addresses.set(name, { any: false, include: ranges.filter((range) => range !== undefined), exclude: [], unknown: ranges.includes(undefined) });
  }
  if (!addresses.has('EXTERNAL_NET')) addresses.set('EXTERNAL_NET', { any: true, include: [], exclude: addresses.get('HOME_NET')!.include, unknown: false });
  const ports = new Map(Object.entries(recordOf(variables.PortSets)).map(([name, set]) => [name, parsePorts(listOf(recordOf(set).Definition).join(','), { addresses, ports: new Map() })]));
  return { addresses, ports };
}

/** A domain list passes the names that it allows, and in the default order drops other TLS and HTTP, of `$HOME_NET` only. */
function domainListRules(list: Readonly<Record<string, unknown>>, { addresses }: Variables, strictOrder: boolean): readonly StatefulRule[] {
  const kind = textOf(list.GeneratedRulesType) ?? 'ALLOWLIST';
  const allows = kind === 'ALLOWLIST';
  if (kind === 'ALERTLIST') return [];
  const buffers = listOf(list.TargetTypes).map((type) => (type === 'HTTP_HOST' ? ('http' as const) : ('tls' as const)));
  const base = { source: addresses.get('HOME_NET')!, sourcePorts: ANY_PORT, destination: addresses.get('EXTERNAL_NET') ?? ANY_ADDRESS, destinationPorts: ANY_PORT, bidirectional: false, unknownKeywords: [] };
  return buffers.flatMap((buffer): StatefulRule[] => {
    const named = listOf(list.Targets).map((target): StatefulRule => {
      const text = String(target).toLowerCase();
      return {
        ...base,
        action: allows ? 'pass' : 'drop',
        protocol: buffer,
        conditions: [{ kind: 'name', buffer, negated: false, match: { kind: text.startsWith('.') ? 'suffix' : 'exact', text } }],
        text: `${allows ? 'allow' : 'deny'} ${buffer} ${text}`,
      };
    });
    const rest: StatefulRule = { ...base, action: 'drop', protocol: buffer, conditions: [], text: `drop other ${buffer}` };
    return allows && !strictOrder ? [...named, rest] : named;
  });
}

function headerRule(rule: Readonly<Record<string, unknown>>, variables: Variables, unread: string[], id: string): readonly StatefulRule[] {
  const header = recordOf(rule.Header);
  const options = recordsOf(rule.RuleOptions)
    .map(({ Keyword, Settings }) => `${String(Keyword)}${listOf(Settings).length > 0 ? `:${listOf(Settings).join(',')}` : ''};`)
    .join(' ');
  const protocol = String(header.Protocol ?? 'IP').toLowerCase();
  const action = String(rule.Action ?? 'PASS').toLowerCase();
  const field = (value: unknown) => String(value ?? 'ANY').replace(/^ANY$/i, 'any');
  const line = `${action} ${protocol} ${field(header.Source)} ${field(header.SourcePort)} ${header.Direction === 'ANY' ? '<>' : '->'} ${field(header.Destination)} ${field(header.DestinationPort)} (${options})`;
  const { rules, unread: lines } = parseRules(line, variables);
  unread.push(...lines.map((text) => `a rule of ${id}: ${text.slice(0, 120)}`));
  return rules;
}

