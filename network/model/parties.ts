import { referenceIn, type Resource } from '../template';
import type { MetadataService, Party, PartyKind, Placement, Subnet, Unknown, Vpc } from './network';
import { isTrue, listOf, numberOf, recordOf, recordsOf, textOf } from './property';
import { displayName, type SecurityGroups } from './security-groups';

type Properties = Resource['properties'];

export interface PlacementReader {
  /** Where something is; undefined where none of its subnets is known. */
  place(subject: string, subnets: unknown, groups: unknown, more?: { readonly publicAddress?: boolean; readonly unfiltered?: boolean; readonly ipv6?: boolean; readonly fixedAddress?: string }): Placement | undefined;
}

export function createPlacementReader(subnets: readonly Subnet[], groups: SecurityGroups, vpcs: readonly Vpc[], unknowns: Unknown[]): PlacementReader {
  const byId = new Map(subnets.map((subnet) => [subnet.id, subnet]));
  return {
    place(subject, subnetList, groupList, more = {}) {
      const wanted = listOf(subnetList);
      const found = wanted.map((value) => byId.get(referenceIn(value)?.resourceId ?? ''));
      const known = found.filter((subnet) => subnet !== undefined);
      if (known.length < wanted.length || wanted.length === 0) unknowns.push({ subject, why: 'is in a subnet that no template holds', ...(known[0] && { vpc: known[0].vpc.id }) });
      const vpc = known[0]?.vpc ?? (vpcs.length === 1 ? vpcs[0] : undefined);
      if (!vpc) return undefined;
      const references = listOf(groupList);
      return {
        vpc,
        subnets: known,
        groups: more.unfiltered ? [] : references.length > 0 ? references.map((group) => groups.get(group, vpc)) : [groups.get(`\${${vpc.id}#DefaultSecurityGroup}`, vpc)],
        unfiltered: more.unfiltered ?? false,
        publicAddress: more.publicAddress ?? false,
        ipv6: (more.ipv6 ?? true) && known.some(({ ranges }) => ranges.some(({ family }) => family === 6)),
        ...(more.fixedAddress !== undefined && { fixedAddress: more.fixedAddress }),
      };
    },
  };
}

interface Reading {
  readonly resources: ReadonlyMap<string, Resource>;
  readonly reader: PlacementReader;
  readonly unknowns: Unknown[];
}

/** Everyone who has an interface, and functions that have none of their own in a VPC. */
export function readParties(resources: ReadonlyMap<string, Resource>, reader: PlacementReader, unknowns: Unknown[]): readonly Party[] {
  return [...resources.values()].flatMap((resource) => READERS[resource.type]?.(resource, { resources, reader, unknowns }) ?? readOther(resource, { resources, reader, unknowns }));
}

const READERS: Readonly<Record<string, (resource: Resource, reading: Reading) => readonly Party[]>> = {
  'AWS::EC2::Instance': readInstance,
  'AWS::AutoScaling::AutoScalingGroup': readGroup,
  'AWS::ECS::Service': readService,
  'AWS::ECS::TaskSet': readService,
  'AWS::Events::Rule': (resource, reading) => recordsOf(resource.properties.Targets).flatMap(({ EcsParameters }) => readTask(resource, recordOf(EcsParameters), reading)),
  'AWS::Scheduler::Schedule': (resource, reading) => readTask(resource, recordOf(recordOf(resource.properties.Target).EcsParameters), reading),
  'AWS::Lambda::Function': readFunction,
  'AWS::Serverless::Function': readFunction,
  'AWS::ElasticLoadBalancingV2::LoadBalancer': readLoadBalancer,
  'AWS::ElasticLoadBalancing::LoadBalancer': readLoadBalancer,
  'AWS::ApiGatewayV2::VpcLink': (resource, { reader }) => party(resource, 'vpc-link', false, reader.place(resource.id, resource.properties.SubnetIds, resource.properties.SecurityGroupIds)),
  'AWS::EC2::NetworkInterface': (resource, { reader }) => party(resource, 'interface', true, reader.place(resource.id, resource.properties.SubnetId, resource.properties.GroupSet), 'instance-v1'),
  'AWS::EFS::MountTarget': (resource, { reader }) => party(resource, 'store', false, reader.place(resource.id, resource.properties.SubnetId, resource.properties.SecurityGroups)),
  'AWS::RDS::DBInstance': readDatabase,
  'AWS::RDS::DBCluster': readDatabase,
  'AWS::EC2::LaunchTemplate': () => [],
  'AWS::EC2::VPCEndpoint': () => [],
  'AWS::EC2::NatGateway': () => [],
  'AWS::NetworkFirewall::Firewall': () => [],
  'AWS::NetworkFirewall::VpcEndpointAssociation': () => [],
  'AWS::EC2::SubnetRouteTableAssociation': () => [],
  'AWS::EC2::SubnetNetworkAclAssociation': () => [],
  'AWS::EC2::SubnetCidrBlock': () => [],
  'AWS::EC2::FlowLog': () => [],
  'AWS::EC2::EIPAssociation': () => [],
  'AWS::EC2::TransitGatewayAttachment': () => [],
  'AWS::EC2::TransitGatewayVpcAttachment': () => [],
  'AWS::EC2::SecurityGroupIngress': () => [],
  'AWS::EC2::SecurityGroupEgress': () => [],
};

function party({ id, constructPath, properties }: Resource, kind: PartyKind, workload: boolean, placement: Placement | undefined, metadata: MetadataService = 'none'): readonly Party[] {
  const role = recordsOf(properties.Tags).find(({ Key }) => Key === ROLE_TAG)?.Value;
  return [{ id, name: partyName(displayName(id, constructPath)), kind, workload, metadata, ...(typeof role === 'string' && { role }), ...(placement && { placement }) }];
}

/** The tag that says what a workload is: `server`, `gateway`, or another word. */
const ROLE_TAG = 'mcp-zero-trust:role';

/** Without the parts of a path that every service and function has. */
function partyName(path: string): string {
  return path.replace(/(\/(Service|ServiceDefinition|Resource|Handler))+$/, '');
}

function readInstance(resource: Resource, { resources, reader }: Reading): readonly Party[] {
  const { id, properties } = resource;
  const launch = launchData(properties.LaunchTemplate, resources);
  const nics = recordsOf(properties.NetworkInterfaces ?? launch.NetworkInterfaces);
  const nic = nics[0] ?? {};
  const existing = resources.get(referenceIn(nic.NetworkInterfaceId)?.resourceId ?? '')?.properties;
  const subnet = properties.SubnetId ?? nic.SubnetId ?? existing?.SubnetId;
  const groups = properties.SecurityGroupIds ?? nic.GroupSet ?? nic.Groups ?? existing?.GroupSet ?? launch.SecurityGroupIds;
  const eip = [...resources.values()].some(
    (other) => (other.type === 'AWS::EC2::EIP' || other.type === 'AWS::EC2::EIPAssociation') && referenceIn(other.properties.InstanceId)?.resourceId === id,
  );
  const mapped = isTrue(resources.get(referenceIn(subnet)?.resourceId ?? '')?.properties.MapPublicIpOnLaunch);
  const publicAddress = eip || (nic.AssociatePublicIpAddress === undefined ? mapped : isTrue(nic.AssociatePublicIpAddress));
  const fixed = textOf(properties.PrivateIpAddress);
  return party(resource, 'instance', true, reader.place(id, subnet, groups, { publicAddress, ...(fixed !== undefined && { fixedAddress: fixed }) }), instanceMetadata(recordOf(properties.MetadataOptions ?? launch.MetadataOptions)));
}

function readGroup(resource: Resource, { resources, reader }: Reading): readonly Party[] {
  const { id, properties } = resource;
  const mixed = recordOf(recordOf(recordOf(properties.MixedInstancesPolicy).LaunchTemplate).LaunchTemplateSpecification);
  const configuration = resources.get(referenceIn(properties.LaunchConfigurationName)?.resourceId ?? '')?.properties;
  const launch = configuration ?? launchData(properties.LaunchTemplate ?? mixed, resources);
  const nic = recordsOf(launch.NetworkInterfaces)[0] ?? {};
  const declared = nic.AssociatePublicIpAddress ?? configuration?.AssociatePublicIpAddress;
  const mapped = listOf(properties.VPCZoneIdentifier).some((subnet) => isTrue(resources.get(referenceIn(subnet)?.resourceId ?? '')?.properties.MapPublicIpOnLaunch));
  const placement = reader.place(id, properties.VPCZoneIdentifier, launch.SecurityGroupIds ?? launch.SecurityGroups ?? nic.Groups, { publicAddress: declared === undefined ? mapped : isTrue(declared) });
  return party(resource, 'instance', true, placement, instanceMetadata(recordOf(launch.MetadataOptions)));
}

function launchData(template: unknown, resources: ReadonlyMap<string, Resource>): Properties {
  const id = referenceIn(recordOf(template).LaunchTemplateId)?.resourceId;
  return recordOf(resources.get(id ?? '')?.properties.LaunchTemplateData);
}

function instanceMetadata(options: Properties): MetadataService {
  if (options.HttpEndpoint === 'disabled') return 'none';
  return options.HttpTokens === 'required' && (numberOf(options.HttpPutResponseHopLimit) ?? 1) <= 2 ? 'instance-v2' : 'instance-v1';
}

function readService(resource: Resource, { resources, reader, unknowns }: Reading): readonly Party[] {
  const { id, properties } = resource;
  const configuration = recordOf(recordOf(properties.NetworkConfiguration).AwsvpcConfiguration);
  const definition = resources.get(referenceIn(properties.TaskDefinition)?.resourceId ?? '')?.properties;
  if (configuration.Subnets === undefined) {
    if (definition?.NetworkMode !== 'none') unknowns.push({ subject: id, why: 'uses the network of whatever instance it runs on' });
    return [];
  }
  return party(resource, 'ecs-service', true, placeTask(id, configuration, reader), taskMetadata(definition));
}

function readTask(resource: Resource, parameters: Properties, { resources, reader }: Reading): readonly Party[] {
  const network = recordOf(parameters.NetworkConfiguration);
  const configuration = recordOf(network.AwsVpcConfiguration ?? network.AwsvpcConfiguration);
  if (configuration.Subnets === undefined) return [];
  const definition = resources.get(referenceIn(parameters.TaskDefinitionArn)?.resourceId ?? '')?.properties;
  return party(resource, 'ecs-task', true, placeTask(resource.id, configuration, reader), taskMetadata(definition));
}

function placeTask(id: string, configuration: Properties, reader: PlacementReader): Placement | undefined {
  return reader.place(id, configuration.Subnets, configuration.SecurityGroups, { publicAddress: configuration.AssignPublicIp === 'ENABLED' });
}

/** Fargate gives a task its own credentials and nothing else; on an instance the metadata of the instance is near too. */
function taskMetadata(definition: Properties | undefined): MetadataService {
  const fargate = listOf(definition?.RequiresCompatibilities).includes('FARGATE');
  return fargate || definition === undefined ? 'task-credentials' : 'instance-v1';
}

function readFunction(resource: Resource, { reader }: Reading): readonly Party[] {
  const configuration = recordOf(resource.properties.VpcConfig);
  const inVpc = listOf(configuration.SubnetIds).length > 0;
  const placement = inVpc ? reader.place(resource.id, configuration.SubnetIds, configuration.SecurityGroupIds, { ipv6: isTrue(configuration.Ipv6AllowedForDualStack) }) : undefined;
  return inVpc && !placement ? [] : party(resource, 'lambda', true, placement);
}

function readLoadBalancer(resource: Resource, { reader }: Reading): readonly Party[] {
  const { id, properties } = resource;
  const subnets = properties.Subnets ?? recordsOf(properties.SubnetMappings).map(({ SubnetId }) => SubnetId);
  const network = properties.Type === 'network' || properties.Type === 'gateway';
  const unfiltered = network && listOf(properties.SecurityGroups).length === 0;
  const facing = properties.Scheme === undefined ? true : properties.Scheme === 'internet-facing';
  return party(resource, 'load-balancer', false, reader.place(id, subnets, properties.SecurityGroups, { unfiltered, publicAddress: facing }));
}

function readDatabase(resource: Resource, { resources, reader }: Reading): readonly Party[] {
  const { id, properties } = resource;
  const group = resources.get(referenceIn(properties.DBSubnetGroupName)?.resourceId ?? '');
  // An instance of a cluster has the cluster's interfaces.
  if (properties.DBClusterIdentifier !== undefined && resource.type === 'AWS::RDS::DBInstance') return [];
  if (!group) return [];
  const placement = reader.place(id, group.properties.SubnetIds, properties.VPCSecurityGroups ?? properties.VpcSecurityGroupIds, { publicAddress: isTrue(properties.PubliclyAccessible) });
  return party(resource, 'store', false, placement);
}

/** Types that name subnets without having an interface in them. */
const NO_INTERFACES = /(SubnetGroup|SubnetRouteTableAssociation|SubnetNetworkAclAssociation|CapacityProvider|^AWS::CloudFormation::|^AWS::Route53Resolver::ResolverRule|^Custom::|^AWS::IAM::|^AWS::SSM::|LogDelivery)/;

/** A resource of any other type that names subnets: an interface with its security groups, which may run anything. */
function readOther(resource: Resource, { reader }: Reading): readonly Party[] {
  if (NO_INTERFACES.test(resource.type)) return [];
  const subnets = findProperty(resource.properties, /^(SubnetIds?|Subnets|VpcSubnetIds|ClientSubnets|SubnetIdentifiers)$/, 4);
  if (listOf(subnets).length === 0) return [];
  const groups = findProperty(resource.properties, /^(SecurityGroupIds?|SecurityGroups|VpcSecurityGroupIds|GroupSet|SecurityGroupIdentifiers|EC2SecurityGroupIds)$/, 4);
  return party(resource, 'other', true, reader.place(resource.id, subnets, groups));
}

function findProperty(value: unknown, name: RegExp, depth: number): unknown {
  const record = recordOf(value);
  for (const [key, item] of Object.entries(record)) if (name.test(key) && (Array.isArray(item) || typeof item === 'string')) return item;
  if (depth === 0) return undefined;
  for (const item of Object.values(record)) {
    for (const inner of listOf(item)) {
      const found = findProperty(inner, name, depth - 1);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
