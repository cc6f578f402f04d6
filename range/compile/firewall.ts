import { referenceIn, type Resource } from '../../network/template';
import type { FirewallRules } from './plan';

/**
 * The rules of a Network Firewall for a kernel: what is not TCP becomes statements of nftables, TCP becomes rules of HAProxy, which
 * decides on a connection when it opens and again on the first thing that it says, in the order of the policy.
 */

type Properties = Readonly<Record<string, unknown>>;

interface Rule {
  readonly action: string;
  readonly protocol: string;
  readonly source: string;
  readonly destination: string;
  readonly ports: string;
  readonly options: readonly (readonly [string, string])[];
}

export function compileFirewall(firewall: Resource, resources: ReadonlyMap<string, Resource>, vpcBlocks: readonly string[], notBuilt: string[]): FirewallRules {
  const policy = (resources.get(referenceIn(firewall.properties.FirewallPolicyArn)?.resourceId ?? '')?.properties.FirewallPolicy ?? {}) as Properties;
  const references = [...((policy.StatefulRuleGroupReferences ?? []) as readonly Properties[])].sort((a, b) => Number(a.Priority ?? 0) - Number(b.Priority ?? 0));
  const strict = (policy.StatefulEngineOptions as Properties | undefined)?.RuleOrder === 'STRICT_ORDER';
  const sets = new Map<string, readonly string[]>([['HOME_NET', vpcBlocks]]);
  const rules: Rule[] = [];
  for (const { ResourceArn } of references) {
    const group = (resources.get(referenceIn(ResourceArn)?.resourceId ?? '')?.properties.RuleGroup ?? {}) as Properties;
    const ipSets = ((group.RuleVariables as Properties | undefined)?.IPSets ?? {}) as Record<string, { readonly Definition: readonly string[] }>;
    for (const [name, { Definition }] of Object.entries(ipSets)) sets.set(name, Definition);
    const source = (group.RulesSource ?? {}) as Properties;
    if (typeof source.RulesString === 'string') rules.push(...source.RulesString.split('\n').flatMap(readLine));
    if (source.RulesSourceList !== undefined) rules.push(...readList(source.RulesSourceList as Properties, strict));
    if (source.StatefulRules !== undefined) notBuilt.push('stateful rules of a firewall that are written as headers');
  }
  if (!strict) rules.sort((a, b) => ['pass', 'drop', 'reject', 'alert'].indexOf(a.action) - ['pass', 'drop', 'reject', 'alert'].indexOf(b.action));
  const defaults = ((policy.StatefulDefaultActions ?? []) as readonly string[]).join(' ');
  const drops = strict && defaults.includes('drop');
  const deciding = rules.filter(({ action }) => action !== 'alert');
  if (((policy.StatelessRuleGroupReferences ?? []) as readonly unknown[]).length > 0) notBuilt.push('stateless rules of a firewall');
  if (policy.TLSInspectionConfigurationArn !== undefined) notBuilt.push('TLS inspection of a firewall');
  const validation = policy.Route53ResolvedIPValidation as Properties | undefined;
  if (validation?.SourceIPRanges !== undefined || validation?.BypassDestinationValidationIPRanges !== undefined) notBuilt.push('exceptions from the validation of addresses');
  const stateless = ((policy.StatelessDefaultActions ?? []) as readonly string[]).join(' ');
  const handshake = strict && defaults.includes('drop_strict') ? 'reject' : 'accept';
  return {
    bypass: stateless.includes('forward_to_sfe') ? [] : [stateless.includes('drop') ? 'drop' : 'accept'],
    packets: [...deciding.flatMap((rule) => packetStatements(rule, sets)), drops ? 'drop' : 'accept'],
    connection: [...deciding.filter(opensConnections).map((rule) => `tcp-request connection ${verdict(rule)} if ${places(rule, sets).join(' ')}`.replace(/ if $/, '')), `tcp-request connection ${handshake}`],
    content: [...deciding.flatMap((rule) => contentLine(rule, sets)), `tcp-request content ${drops ? 'reject' : 'accept'}`],
    resolvedOnly: ['DROP', 'REJECT'].includes(String(validation?.Action)),
  };
}

function readLine(line: string): readonly Rule[] {
  const match = /^\s*(pass|drop|reject|alert)\s+(\w+)\s+(\S+)\s+\S+\s+->\s+(\S+)\s+(!?\[.*?\]|\S+)\s+\((.*)\)\s*$/.exec(line.replace(/,\s+/g, ','));
  if (!match) return [];
  const options = (match[6] ?? '').split(/;\s*/).filter((option) => option !== '').map((option): readonly [string, string] => {
    const [name, ...value] = option.split(':');
    return [name!.trim(), value.join(':').trim()];
  });
  return [{ action: match[1]!, protocol: match[2]!, source: match[3]!, destination: match[4]!, ports: match[5]!, options }];
}

function readList(list: Properties, strict: boolean): readonly Rule[] {
  const allows = list.GeneratedRulesType === 'ALLOWLIST';
  return (list.TargetTypes as readonly string[]).flatMap((target) => {
    const [protocol, buffer] = target === 'TLS_SNI' ? ['tls', 'tls.sni'] : ['http', 'http.host'];
    const base = { protocol, source: '$HOME_NET', destination: 'any', ports: 'any' };
    const named = (list.Targets as readonly string[]).map((name): Rule => ({
      ...base,
      action: allows ? 'pass' : 'drop',
      options: [[buffer, ''], ...(name.startsWith('.') ? ([['dotprefix', '']] as const) : []), ['content', `"${name}"`], ...(name.startsWith('.') ? [] : ([['startswith', '']] as const)), ['endswith', '']],
    }));
    return allows && !strict ? [...named, { ...base, action: 'drop', options: [] }] : named;
  });
}

const has = ({ options }: Rule, name: string) => options.some(([key]) => key === name);
const flowOf = ({ options }: Rule) => options.find(([key]) => key === 'flow')?.[1] ?? '';
const verdict = ({ action }: Rule) => (action === 'pass' ? 'accept' : 'reject');

/** A rule that a connection meets before it has said anything. */
function opensConnections(rule: Rule): boolean {
  return ['tcp', 'ip'].includes(rule.protocol) && !/(^|,)established/.test(flowOf(rule)) && !has(rule, 'app-layer-protocol') && !has(rule, 'tls.sni') && !has(rule, 'http.host') && aboutProtocol(rule, 6);
}

/** Whether `ip_proto` leaves a protocol in. */
function aboutProtocol({ options }: Rule, protocol: number): boolean {
  const [, value] = options.find(([key]) => key === 'ip_proto') ?? [];
  if (value === undefined) return true;
  const named = { tcp: 6, udp: 17, icmp: 1 }[value.replace('!', '').toLowerCase()] ?? Number(value.replace('!', ''));
  return (named === protocol) !== value.startsWith('!');
}

type Sets = ReadonlyMap<string, readonly string[]>;

/** Members of an address field as `[included, excluded]`; undefined includes everything. */
function expand(field: string, sets: Sets): { readonly include?: readonly string[]; readonly exclude: readonly string[] } {
  const include: string[] = [];
  const exclude: string[] = [];
  let any = false;
  for (const item of field.replace(/^\[|\]$/g, '').split(',')) {
    const name = item.replace(/^!/, '');
    if (name === 'any') any = true;
    else (item.startsWith('!') ? exclude : include).push(...(name.startsWith('$') ? (name === '$EXTERNAL_NET' ? ['0.0.0.0/0'] : (sets.get(name.slice(1)) ?? [])) : [name]));
  }
  return any || include.length === 0 ? { exclude } : { include, exclude };
}

/** Conditions of HAProxy on addresses and ports. */
function places(rule: Rule, sets: Sets): readonly string[] {
  const address = (fetch: 'src' | 'dst', field: string) => {
    const { include, exclude } = expand(field, sets);
    return [...(include ? [`{ ${fetch} ${include.join(' ')} }`] : []), ...(exclude.length > 0 ? [`!{ ${fetch} ${exclude.join(' ')} }`] : [])];
  };
  const ports = rule.ports === 'any' ? [] : [`${rule.ports.startsWith('!') ? '!' : ''}{ dst_port ${rule.ports.replace(/^!?\[?|\]$/g, '').split(',').join(' ')} }`];
  return [...address('src', rule.source), ...address('dst', rule.destination), ...ports];
}

/** A rule on what a connection says first; none for a rule that is about something else. */
function contentLine(rule: Rule, sets: Sets): readonly string[] {
  if (!['tcp', 'ip', 'tls', 'http'].includes(rule.protocol) || /not_established/.test(flowOf(rule)) || !aboutProtocol(rule, 6)) return [];
  const conditions = [...places(rule, sets)];
  const application = rule.options.find(([key]) => key === 'app-layer-protocol')?.[1];
  const spoken = (protocol: string) => (protocol === 'tls' ? '{ req.ssl_hello_type 1 }' : '{ req.proto_http }');
  if (application !== undefined) conditions.push(`${application.startsWith('!') ? '!' : ''}${spoken(application.replace('!', ''))}`);
  if (rule.protocol === 'tls' || rule.protocol === 'http') conditions.push(spoken(rule.protocol));
  const content = rule.options.find(([key]) => key === 'content')?.[1];
  if (content !== undefined) {
    const fetch = has(rule, 'tls.sni') ? 'req.ssl_sni' : 'req.hdr(host),host_only';
    const name = content.replace(/^!?"|"$/g, '');
    const match = has(rule, 'startswith') && has(rule, 'endswith') ? `-m str ${name}` : has(rule, 'endswith') ? `-m end ${name}` : has(rule, 'startswith') ? `-m beg ${name}` : `-m sub ${name}`;
    const negated = content.startsWith('!') ? '!' : '';
    const bare = has(rule, 'dotprefix') && name.startsWith('.');
    if (bare) {
      const line = (test: string) => `tcp-request content ${verdict(rule)} if ${[...conditions, `${negated}{ ${fetch} -i ${test} }`].join(' ')}`;
      return [line(match), line(`-m str ${name.slice(1)}`)];
    }
    conditions.push(`${negated}{ ${fetch} -i ${match} }`);
  }
  return [`tcp-request content ${verdict(rule)}${conditions.length > 0 ? ` if ${conditions.join(' ')}` : ''}`];
}

/** Statements for UDP, ICMP and every other protocol. */
function packetStatements(rule: Rule, sets: Sets): readonly string[] {
  if (['tcp', 'tls', 'http', 'ssh'].includes(rule.protocol) || /(^|,)established/.test(flowOf(rule))) return [];
  const source = expand(rule.source, sets);
  const destination = expand(rule.destination, sets);
  const parts = [
    ...(source.include ? [`ip saddr { ${source.include.join(', ')} }`] : []),
    ...(source.exclude.length > 0 ? [`ip saddr != { ${source.exclude.join(', ')} }`] : []),
    ...(destination.include ? [`ip daddr { ${destination.include.join(', ')} }`] : []),
    ...(destination.exclude.length > 0 ? [`ip daddr != { ${destination.exclude.join(', ')} }`] : []),
  ];
  const protocol = rule.protocol === 'udp' || rule.protocol === 'icmp' ? [`meta l4proto ${rule.protocol}`] : ['dns', 'quic', 'ntp'].includes(rule.protocol) ? ['meta l4proto udp'] : [];
  const listed = rule.options.find(([key]) => key === 'ip_proto')?.[1];
  const named = listed === undefined ? [] : [`meta l4proto ${listed.startsWith('!') ? '!= ' : ''}${listed.replace('!', '').toLowerCase()}`];
  const ports = rule.ports === 'any' || !['udp', 'dns', 'quic', 'ntp'].includes(rule.protocol) ? [] : [`udp dport ${rule.ports.startsWith('!') ? '!= ' : ''}{ ${rule.ports.replace(/^!?\[?|\]$/g, '')} }`];
  return [[...parts, ...protocol, ...named, ...ports, rule.action === 'pass' ? 'accept' : 'drop'].join(' ')];
}
