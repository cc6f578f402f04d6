import { parseCidr } from '../address';
import { referenceIn, type Resource } from '../template';
import { namedServiceRanges } from './aws-services';
import type { GroupRule, RulePeer, SecurityGroup, Unknown, Vpc } from './network';
import { numberOf, recordOf, recordsOf, textOf } from './property';
import { protocolNumber, protocolName } from './protocol';

type Properties = Resource['properties'];

export interface SecurityGroups {
  /** The group that a template names, or one that counts as open where the templates do not hold it. */
  get(reference: unknown, vpc: Vpc): SecurityGroup;
  readonly all: readonly SecurityGroup[];
}

/** Security groups with the rules that stand apart from them, and the default groups of the VPCs. */
export function readSecurityGroups(resources: readonly Resource[], vpcs: readonly Vpc[], unknowns: Unknown[]): SecurityGroups {
  const lists = readPrefixLists(resources);
  const groups = new Map<string, { name: string; ingress: GroupRule[]; egress: GroupRule[] }>();
  const emptied = new Set(
    resources.filter(({ type }) => type === 'Custom::VpcRestrictDefaultSG').map(({ properties }) => referenceIn(properties.DefaultSecurityGroupId)?.resourceId),
  );
  for (const vpc of vpcs) {
    const id = defaultGroupId(vpc.id);
    const bare = emptied.has(vpc.id);
    groups.set(id, {
      name: `default of ${vpc.name}`,
      ingress: bare ? [] : [{ protocol: 'any', peer: { kind: 'group', group: id }, text: 'all from itself (default group)' }],
      egress: bare ? [] : EVERYWHERE('default group'),
    });
  }
  for (const { id, type, properties, constructPath } of resources) {
    if (type !== 'AWS::EC2::SecurityGroup') continue;
    const egress = recordsOf(properties.SecurityGroupEgress);
    const elsewhere = resources.some((other) => other.type === 'AWS::EC2::SecurityGroupEgress' && groupId(other.properties.GroupId) === id);
    groups.set(id, {
      name: displayName(id, constructPath),
      ingress: recordsOf(properties.SecurityGroupIngress).map((rule) => readRule(rule, 'from', lists)),
      // A group that is given no egress rule, here or by a resource of its own, gets one that allows everything.
      egress: egress.length === 0 && !elsewhere ? EVERYWHERE('no egress rule is given') : egress.map((rule) => readRule(rule, 'to', lists)),
    });
  }
  for (const { id, type, properties } of resources) {
    if (type !== 'AWS::EC2::SecurityGroupIngress' && type !== 'AWS::EC2::SecurityGroupEgress') continue;
    const group = groups.get(groupId(properties.GroupId) ?? '');
    const ingress = type === 'AWS::EC2::SecurityGroupIngress';
    if (group) group[ingress ? 'ingress' : 'egress'].push(readRule(properties, ingress ? 'from' : 'to', lists));
    else unknowns.push({ subject: id, why: 'is a rule of a security group that no template holds' });
  }
  const known = new Map<string, SecurityGroup>([...groups].map(([id, group]) => [id, { id, ...group }]));
  return {
    all: [...known.values()],
    get(reference, vpc) {
      const id = groupId(reference);
      const found = id === undefined ? undefined : known.get(id);
      if (found) return found;
      const name = textOf(reference) ?? 'a security group';
      unknowns.push({ subject: name, why: 'is a security group that no template holds', vpc: vpc.id });
      const open: GroupRule[] = [{ protocol: 'any', peer: { kind: 'unknown', why: 'a security group that no template holds' }, text: `whatever ${name} allows` }];
      return { id: name, name, ingress: open, egress: open };
    },
  };
}

export function defaultGroupId(vpcId: string): string {
  return `${vpcId}#DefaultSecurityGroup`;
}

function groupId(reference: unknown): string | undefined {
  const found = referenceIn(reference);
  return found?.attribute === 'DefaultSecurityGroup' ? defaultGroupId(found.resourceId) : found?.resourceId;
}

const EVERYWHERE = (why: string): GroupRule[] =>
  ['0.0.0.0/0', '::/0'].map((block) => ({ protocol: 'any', peer: { kind: 'ranges', ranges: [parseCidr(block)!] }, text: `all to ${block} (${why})` }));

type PrefixLists = ReadonlyMap<string, RulePeer>;

function readPrefixLists(resources: readonly Resource[]): PrefixLists {
  return new Map(
    resources
      .filter(({ type }) => type === 'AWS::EC2::PrefixList')
      .map(({ id, properties }) => {
        const ranges = recordsOf(properties.Entries).map(({ Cidr }) => parseCidr(Cidr));
        return [id, ranges.includes(undefined) ? { kind: 'unknown', why: `entries of ${id}` } : { kind: 'ranges', ranges: ranges.filter((range) => range !== undefined) }] as const;
      }),
  );
}

function readRule(rule: Properties, direction: 'from' | 'to', lists: PrefixLists): GroupRule {
  const protocol = protocolNumber(rule.IpProtocol);
  const from = numberOf(rule.FromPort);
  const to = numberOf(rule.ToPort) ?? from;
  const icmp = protocol === 1 || protocol === 58;
  // For ICMP the first is the type and the second the code; codes are not told apart.
  const ports = protocol === 'any' || from === undefined || from === -1 ? undefined : { from, to: icmp ? from : (to ?? from) };
  const { peer, written } = readPeer(rule, lists);
  const portText = ports && (protocol === 6 || protocol === 17 || icmp) ? ` ${ports.from === ports.to ? ports.from : `${ports.from}-${ports.to}`}` : '';
  return { protocol, ...(ports && (protocol === 6 || protocol === 17 || icmp) && { ports }), peer, text: `${protocolName(protocol)}${portText} ${direction} ${written}` };
}

function readPeer(rule: Properties, lists: PrefixLists): { readonly peer: RulePeer; readonly written: string } {
  const block = rule.CidrIp ?? rule.CidrIpv6;
  if (block !== undefined) {
    const range = parseCidr(block);
    return { peer: range ? { kind: 'ranges', ranges: [range] } : { kind: 'unknown', why: `the block ${textOf(block)}` }, written: textOf(block) ?? '?' };
  }
  const group = rule.SourceSecurityGroupId ?? rule.DestinationSecurityGroupId;
  if (group !== undefined) {
    const id = groupId(group);
    return { peer: id ? { kind: 'group', group: id } : { kind: 'unknown', why: `the members of ${textOf(group)}` }, written: id ? shortName(id) : String(group) };
  }
  const list = rule.SourcePrefixListId ?? rule.DestinationPrefixListId;
  if (list !== undefined) {
    const known = lists.get(referenceIn(list)?.resourceId ?? '') ?? awsList(list);
    return { peer: known ?? { kind: 'unknown', why: `the prefix list ${textOf(list)}` }, written: `prefix list ${textOf(list)}` };
  }
  return { peer: { kind: 'unknown', why: `a rule without a peer in ${JSON.stringify(recordOf(rule))}` }, written: 'an unnamed peer' };
}

function awsList(list: unknown): RulePeer | undefined {
  const ranges = namedServiceRanges(textOf(list) ?? '');
  return ranges && { kind: 'ranges', ranges };
}

/** The path of the construct within its stack, or the logical id without the digest that the CDK puts at its end. */
export function displayName(id: string, constructPath?: string): string {
  const path = constructPath?.replace(/\/(Resource|Default)$/, '').replace(/^[^/]+\//, '');
  return path ?? shortName(id);
}

function shortName(id: string): string {
  return id.split('/').at(-1)!.replace(/(?<=.)[0-9A-F]{8}$/, '');
}
