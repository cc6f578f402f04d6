import { breaks, cellOf, matrixOfResources } from './load';

/** A VPC with two subnets and an instance in each, in groups `A` and `B`. */
function pair(more: Record<string, unknown> = {}, a: Record<string, unknown> = {}, b: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16' } },
    SubnetA: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Vpc' }, CidrBlock: '10.0.1.0/24' } },
    SubnetB: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Vpc' }, CidrBlock: '10.0.2.0/24' } },
    A: { Type: 'AWS::EC2::SecurityGroup', Properties: { VpcId: { Ref: 'Vpc' }, ...a } },
    B: { Type: 'AWS::EC2::SecurityGroup', Properties: { VpcId: { Ref: 'Vpc' }, ...b } },
    One: { Type: 'AWS::EC2::Instance', Properties: { SubnetId: { Ref: 'SubnetA' }, SecurityGroupIds: [{ 'Fn::GetAtt': ['A', 'GroupId'] }] } },
    Two: { Type: 'AWS::EC2::Instance', Properties: { SubnetId: { Ref: 'SubnetB' }, SecurityGroupIds: [{ 'Fn::GetAtt': ['B', 'GroupId'] }] } },
    ...more,
  };
}

const FROM_A = { SecurityGroupIngress: [{ IpProtocol: 'tcp', FromPort: 80, ToPort: 80, SourceSecurityGroupId: { 'Fn::GetAtt': ['A', 'GroupId'] } }] };
const acl = (subnet: string, entries: readonly Record<string, unknown>[]) => ({
  Acl: { Type: 'AWS::EC2::NetworkAcl', Properties: { VpcId: { Ref: 'Vpc' } } },
  AclUse: { Type: 'AWS::EC2::SubnetNetworkAclAssociation', Properties: { SubnetId: { Ref: subnet }, NetworkAclId: { Ref: 'Acl' } } },
  ...Object.fromEntries(entries.map((entry, index) => [`Entry${index}`, { Type: 'AWS::EC2::NetworkAclEntry', Properties: { NetworkAclId: { Ref: 'Acl' }, RuleNumber: 100 + index, RuleAction: 'allow', Protocol: 6, CidrBlock: '0.0.0.0/0', ...entry } }])),
});

describe('security groups', () => {
  it('a group without egress rules lets everything out', () => {
    expect(cellOf(matrixOfResources(pair({}, {}, FROM_A)), 'One', 'Two')).toMatchObject({ verdict: 'limited', allows: ['tcp 80'] });
  });

  it('an egress rule of its own takes the place of the one that lets everything out', () => {
    const rule = { Type: 'AWS::EC2::SecurityGroupEgress', Properties: { GroupId: { 'Fn::GetAtt': ['A', 'GroupId'] }, IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '10.0.0.0/8' } };
    expect(cellOf(matrixOfResources(pair({ Rule: rule }, {}, FROM_A)), 'One', 'Two').verdict).toBe('closed');
  });

  it('a rule on a group lets in who is in it, and nobody else', () => {
    expect(cellOf(matrixOfResources(pair({}, {}, FROM_A)), 'Two', 'One').verdict).toBe('closed');
  });

  it('a group that no template holds is listed and counts as open', () => {
    const resources = pair({}, {}, FROM_A) as Record<string, { Properties: Record<string, unknown> }>;
    resources.One!.Properties.SecurityGroupIds = ['sg-0123456789'];
    const matrix = matrixOfResources(resources);
    expect(matrix.unknowns.map(({ subject }) => subject)).toContain('sg-0123456789');
    expect(cellOf(matrix, 'Two', 'One').verdict).toBe('unknown');
    expect(breaks(matrix, 'One -> internet')).toBe(true);
  });

  it('a prefix list of the template is its entries', () => {
    const list = { Type: 'AWS::EC2::PrefixList', Properties: { Entries: [{ Cidr: '10.0.2.0/24' }] } };
    const egress = { SecurityGroupEgress: [{ IpProtocol: 'tcp', FromPort: 80, ToPort: 80, DestinationPrefixListId: { Ref: 'List' } }] };
    expect(cellOf(matrixOfResources(pair({ List: list }, egress, FROM_A)), 'One', 'Two').allows).toEqual(['tcp 80']);
  });
});

describe('network ACLs', () => {
  it('are stateless: an answer needs a rule too', () => {
    const out = { Egress: true, PortRange: { From: 80, To: 80 } };
    expect(cellOf(matrixOfResources(pair(acl('SubnetA', [out]), {}, FROM_A)), 'One', 'Two').verdict).toBe('closed');
    const back = { PortRange: { From: 1024, To: 65535 } };
    expect(cellOf(matrixOfResources(pair(acl('SubnetA', [out, back]), {}, FROM_A)), 'One', 'Two').verdict).toBe('limited');
  });

  it('an answer to a port that only an attacker would choose counts', () => {
    const entries = [{ Egress: true, PortRange: { From: 80, To: 80 } }, { PortRange: { From: 443, To: 443 } }];
    const { verdict, path } = cellOf(matrixOfResources(pair(acl('SubnetA', entries), {}, FROM_A)), 'One', 'Two');
    expect(verdict).toBe('limited');
    expect(path.at(-1)).toContain('from port 443');
  });

  it('the first rule that matches decides', () => {
    const entries = [{ RuleAction: 'deny', PortRange: { From: 80, To: 80 } }, { Protocol: -1 }, { Protocol: -1, Egress: true }];
    expect(cellOf(matrixOfResources(pair(acl('SubnetB', entries), {}, FROM_A)), 'One', 'Two').verdict).toBe('closed');
  });

  it('are not asked within a subnet', () => {
    const resources = pair(acl('SubnetA', []), {}, FROM_A) as Record<string, { Properties: Record<string, unknown> }>;
    resources.Two!.Properties.SubnetId = { Ref: 'SubnetA' };
    expect(cellOf(matrixOfResources(resources), 'One', 'Two').verdict).toBe('limited');
  });
});

describe('routes', () => {
  const table = (routes: Record<string, Record<string, unknown>>) => ({
    Table: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: { Ref: 'Vpc' } } },
    Use: { Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: { SubnetId: { Ref: 'SubnetA' }, RouteTableId: { Ref: 'Table' } } },
    ...Object.fromEntries(Object.entries(routes).map(([name, route]) => [name, { Type: 'AWS::EC2::Route', Properties: { RouteTableId: { Ref: 'Table' }, ...route } }])),
    Gateway: { Type: 'AWS::EC2::InternetGateway', Properties: {} },
  });
  const DEFAULT = { DestinationCidrBlock: '0.0.0.0/0', GatewayId: { Ref: 'Gateway' } };

  it('an internet gateway needs a public address', () => {
    expect(cellOf(matrixOfResources(pair(table({ Default: DEFAULT }))), 'One', 'internet:tcp').verdict).toBe('closed');
  });

  it('a route to a part of the internet opens that part', () => {
    const resources = pair(table({ Part: { DestinationCidrBlock: '52.0.0.0/8', GatewayId: { Ref: 'Gateway' } } })) as Record<string, { Properties: Record<string, unknown> }>;
    resources.SubnetA!.Properties.MapPublicIpOnLaunch = true;
    expect(cellOf(matrixOfResources(resources), 'One', 'internet:tcp')).toMatchObject({ verdict: 'open', allows: ['tcp all ports'] });
  });

  it('a subnet without a table of its own has the local route only', () => {
    expect(cellOf(matrixOfResources(pair(table({ Default: DEFAULT }))), 'Two', 'internet:tcp').path.at(-1)).toContain('no route');
  });

  it('a gateway that no template holds counts as open', () => {
    expect(cellOf(matrixOfResources(pair(table({ Default: { DestinationCidrBlock: '0.0.0.0/0', TransitGatewayId: 'tgw-0123' } }))), 'One', 'internet:tcp').verdict).toBe('unknown');
  });

  it('peered VPCs reach each other where both have a route', () => {
    const other = {
      Vpc2: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.9.0.0/16' } },
      Subnet2: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'Vpc2' }, CidrBlock: '10.9.1.0/24' } },
      Open: { Type: 'AWS::EC2::SecurityGroup', Properties: { VpcId: { Ref: 'Vpc2' }, SecurityGroupIngress: [{ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, CidrIp: '10.0.0.0/16' }] } },
      Three: { Type: 'AWS::EC2::Instance', Properties: { SubnetId: { Ref: 'Subnet2' }, SecurityGroupIds: [{ Ref: 'Open' }] } },
      Peering: { Type: 'AWS::EC2::VPCPeeringConnection', Properties: { VpcId: { Ref: 'Vpc' }, PeerVpcId: { Ref: 'Vpc2' } } },
      ...table({ Over: { DestinationCidrBlock: '10.9.0.0/16', VpcPeeringConnectionId: { Ref: 'Peering' } } }),
    };
    expect(cellOf(matrixOfResources(pair(other)), 'One', 'Three').path.at(-1)).toContain('no route back');
    const back = {
      Table2: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: { Ref: 'Vpc2' } } },
      Use2: { Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: { SubnetId: { Ref: 'Subnet2' }, RouteTableId: { Ref: 'Table2' } } },
      Back: { Type: 'AWS::EC2::Route', Properties: { RouteTableId: { Ref: 'Table2' }, DestinationCidrBlock: '10.0.0.0/16', VpcPeeringConnectionId: { Ref: 'Peering' } } },
    };
    expect(cellOf(matrixOfResources(pair({ ...other, ...back })), 'One', 'Three').allows).toEqual(['tcp 5432']);
  });
});

describe('who is in no VPC', () => {
  it('a function outside of a VPC is on the internet', () => {
    const matrix = matrixOfResources(pair({ Helper: { Type: 'AWS::Lambda::Function', Properties: {} } }));
    expect(cellOf(matrix, 'Helper', 'internet:tcp').verdict).toBe('open');
    expect(cellOf(matrix, 'Helper', 'Two').verdict).toBe('closed');
  });

  it('a resource of a type that nobody models is what its security groups say', () => {
    const thing = { Type: 'AWS::MSK::Cluster', Properties: { BrokerNodeGroupInfo: { ClientSubnets: [{ Ref: 'SubnetB' }], SecurityGroups: [{ 'Fn::GetAtt': ['B', 'GroupId'] }] } } };
    expect(cellOf(matrixOfResources(pair({ Broker: thing }, {}, FROM_A)), 'One', 'Broker').allows).toEqual(['tcp 80']);
  });

  it('a condition that nothing decides counts as open', () => {
    const more = { Extra: { Type: 'AWS::EC2::Route', Condition: 'Maybe', Properties: { RouteTableId: 'rtb-1', DestinationCidrBlock: '0.0.0.0/0' } } };
    const matrix = matrixOfResources(pair(more), { Parameters: { P: { Type: 'String' } }, Conditions: { Maybe: { 'Fn::Equals': [{ Ref: 'P' }, 'yes'] } } });
    expect(matrix.unknowns[0]!.why).toContain('condition Maybe');
    expect(cellOf(matrix, 'One', 'internet:tcp').verdict).toBe('unknown');
  });
});
