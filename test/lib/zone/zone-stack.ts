import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SecurityZone } from '../../../lib';
import type { SecurityZoneProps } from '../../../lib';

type Properties = Record<string, any>;

/** A stack with a zone, and its template once asked for: one App for each. */
export function zoneStack(props: SecurityZoneProps | ((stack: Stack) => SecurityZoneProps) = {}) {
  const stack = new Stack(new App(), 'Stack');
  const zone = new SecurityZone(stack, 'Zone', typeof props === 'function' ? props(stack) : props);
  return { stack, zone, template: () => Template.fromStack(stack) };
}

/** Properties of all resources of a type. */
export function propertiesOf(template: Template, type: string): Properties[] {
  return Object.values(template.findResources(type)).map(({ Properties }) => Properties);
}

/** The resource that a value refers to. */
export function logicalId(value: any): string {
  return value.Ref ?? value['Fn::GetAtt'][0];
}

/** What network ACLs let through or deny, as `In allow tcp 443-443 10.80.0.0/22` for each block of subnets. */
export function walls(template: Template): Record<string, string[]> {
  const subnets = template.findResources('AWS::EC2::Subnet');
  const associations = propertiesOf(template, 'AWS::EC2::SubnetNetworkAclAssociation');
  const entries = propertiesOf(template, 'AWS::EC2::NetworkAclEntry');
  const acls = Object.keys(template.findResources('AWS::EC2::NetworkAcl'));
  return Object.fromEntries(acls.map((acl) => {
    const first = associations.find(({ NetworkAclId }) => logicalId(NetworkAclId) === acl)!;
    const rules = entries.filter(({ NetworkAclId }) => logicalId(NetworkAclId) === acl).sort((a, b) => a.RuleNumber - b.RuleNumber);
    return [subnets[logicalId(first.SubnetId)]!.Properties.CidrBlock, rules.map(describeEntry).sort()];
  }));
}

function describeEntry({ Egress, RuleAction, Protocol, PortRange, CidrBlock }: Properties): string {
  const what = Protocol === -1 ? 'all' : `${Protocol === 17 ? 'udp' : 'tcp'} ${PortRange.From}-${PortRange.To}`;
  return `${Egress ? 'out' : 'in'} ${RuleAction} ${what} ${CidrBlock}`;
}

/** Connections that security groups let out, as `from -> to:port`, by the descriptions of the groups. */
export function securityGroupRules(template: Template): string[] {
  const groups = template.findResources('AWS::EC2::SecurityGroup');
  const nameOf = (value: any): string => groups[logicalId(value)]!.Properties.GroupDescription.replace(/ (in|of) the MCP security zone$/, '');
  const inline = Object.values(groups).flatMap(({ Properties }) => (Properties.SecurityGroupEgress ?? [])
    .filter(({ CidrIp }: Properties) => CidrIp !== '255.255.255.255/32')
    .map((rule: Properties) => `${Properties.GroupDescription.replace(/ (in|of) the MCP security zone$/, '')} -> ${rule.CidrIp}:${rule.FromPort}`));
  const between = propertiesOf(template, 'AWS::EC2::SecurityGroupEgress').map((rule) => `${nameOf(rule.GroupId)} -> ${nameOf(rule.DestinationSecurityGroupId)}:${rule.FromPort}`);
  return [...inline, ...between].sort();
}
