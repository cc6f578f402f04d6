import { referenceIn, type Resource } from '../../network/template';

/** nftables statements from security groups and network ACLs, written from the template and from nothing else. */

type Properties = Readonly<Record<string, unknown>>;

/** Addresses that stand for the lists of prefixes of services; `undefined` is a list that is not known. */
export type PrefixLists = (reference: unknown) => readonly string[] | undefined;

export interface GroupMembers {
  /** Addresses of whoever has the group. */
  of(groupId: string): readonly string[];
}

const text = (value: unknown) => String(value ?? '');

/** Statements that accept what a group lets in or out; what none of them accepts is dropped. */
export function groupStatements(groupId: string, direction: 'in' | 'out', resources: ReadonlyMap<string, Resource>, members: GroupMembers, lists: PrefixLists): readonly string[] {
  const side = direction === 'in' ? 'Ingress' : 'Egress';
  if (groupId.endsWith('#DefaultSecurityGroup')) return defaultGroup(groupId, direction, resources, members);
  const group = resources.get(groupId);
  const inline = (group?.properties[`SecurityGroup${side}`] ?? []) as readonly Properties[];
  const apart = [...resources.values()].filter(({ type, properties }) => type === `AWS::EC2::SecurityGroup${side}` && idOf(properties.GroupId) === groupId).map(({ properties }) => properties);
  if (direction === 'out' && inline.length + apart.length === 0) return ['accept'];
  return [...inline, ...apart].flatMap((rule) => ruleStatements(rule, direction, members, lists));
}

function defaultGroup(groupId: string, direction: 'in' | 'out', resources: ReadonlyMap<string, Resource>, members: GroupMembers): readonly string[] {
  const vpc = groupId.slice(0, groupId.indexOf('#'));
  const emptied = [...resources.values()].some(({ type, properties }) => type === 'Custom::VpcRestrictDefaultSG' && idOf(properties.DefaultSecurityGroupId) === groupId && vpc !== '');
  if (emptied) return [];
  return direction === 'out' ? ['accept'] : addressMatches('saddr', members.of(groupId)).map((match) => `${match} accept`);
}

function ruleStatements(rule: Properties, direction: 'in' | 'out', members: GroupMembers, lists: PrefixLists): readonly string[] {
  const side = direction === 'in' ? 'saddr' : 'daddr';
  const group = rule.SourceSecurityGroupId ?? rule.DestinationSecurityGroupId;
  const list = rule.SourcePrefixListId ?? rule.DestinationPrefixListId;
  const addresses = group !== undefined ? members.of(idOf(group) ?? '') : list !== undefined ? (lists(list) ?? ['0.0.0.0/0', '::/0']) : [text(rule.CidrIp ?? rule.CidrIpv6)];
  const traffic = protocolMatch(text(rule.IpProtocol), rule.FromPort, rule.ToPort);
  return addressMatches(side, addresses).map((match) => `${match} ${traffic} accept`.replace(/ +/g, ' '));
}

/** The id of a group that a template names, also of the default group of a VPC. */
export function idOf(value: unknown): string | undefined {
  const reference = referenceIn(value);
  return reference?.attribute === 'DefaultSecurityGroup' ? `${reference.resourceId}#DefaultSecurityGroup` : reference?.resourceId;
}

export function addressMatches(side: 'saddr' | 'daddr', addresses: readonly string[]): readonly string[] {
  const four = addresses.filter((address) => !address.includes(':'));
  const six = addresses.filter((address) => address.includes(':'));
  return [...(four.length > 0 ? [`ip ${side} { ${four.join(', ')} }`] : []), ...(six.length > 0 ? [`ip6 ${side} { ${six.join(', ')} }`] : [])];
}

function protocolMatch(protocol: string, from: unknown, to: unknown): string {
  const ports = (name: string) => (from === undefined || Number(from) === -1 ? `meta l4proto ${name}` : `${name} dport ${Number(from)}-${Number(to ?? from)}`);
  switch (protocol.toLowerCase()) {
    case 'tcp':
    case '6':
      return ports('tcp');
    case 'udp':
    case '17':
      return ports('udp');
    case 'icmp':
    case '1':
      return from === undefined || Number(from) === -1 ? 'meta l4proto icmp' : `icmp type ${Number(from)}`;
    case 'icmpv6':
    case '58':
      return from === undefined || Number(from) === -1 ? 'meta l4proto ipv6-icmp' : `icmpv6 type ${Number(from)}`;
    case '-1':
      return '';
    default:
      return `meta l4proto ${Number(protocol)}`;
  }
}

/** The entries of a network ACL by number, for one direction, with the denial that ends it. */
export function aclStatements(aclId: string, egress: boolean, resources: ReadonlyMap<string, Resource>): readonly string[] {
  const entries = [...resources.values()]
    .filter(({ type, properties }) => type === 'AWS::EC2::NetworkAclEntry' && idOf(properties.NetworkAclId) === aclId && (properties.Egress === true || properties.Egress === 'true') === egress)
    .map(({ properties }) => properties)
    .sort((a, b) => Number(a.RuleNumber) - Number(b.RuleNumber));
  const statements = entries.map((entry) => {
    const block = text(entry.CidrBlock ?? entry.Ipv6CidrBlock);
    const range = entry.PortRange as Properties | undefined;
    const icmp = entry.Icmp as Properties | undefined;
    const protocol = text(entry.Protocol);
    const [from, to] = protocol === '1' || protocol === '58' ? [icmp?.Type, icmp?.Type] : [range?.From, range?.To];
    const [match] = addressMatches(egress ? 'daddr' : 'saddr', [block]);
    return `${match} ${protocolMatch(protocol, from, to)} ${entry.RuleAction === 'allow' ? 'accept' : 'drop'}`.replace(/ +/g, ' ');
  });
  return [...statements, 'drop'];
}
