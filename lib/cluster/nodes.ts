import { Stack, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../private/acknowledge';
import { wildcardFinding } from '../private/wildcard-finding';
import type { SecurityZone, ZoneWorkload } from '../zone';
import { ClusterService } from './endpoint-services';

/** How many nodes of which kind. */
export interface ClusterNodesOptions {
  /**
   * Kind of the nodes.
   *
   * @default - m7g.large
   */
  readonly instanceType?: ec2.InstanceType;

  /**
   * Fewest nodes (TBL-1).
   *
   * @default 2
   */
  readonly minSize?: number;

  /**
   * Most nodes. Nothing here adds nodes by itself: a cluster autoscaler of yours does, or a deployment.
   *
   * @default - twice as many as the fewest
   */
  readonly maxSize?: number;

  /**
   * Most processes and threads of one pod (CON-3).
   *
   * @default 1024
   */
  readonly podPidsLimit?: number;
}

export interface ClusterNodesProps extends ClusterNodesOptions {
  readonly cluster: eks.Cluster;
  readonly zone: SecurityZone;
  /** Their place in the zone. */
  readonly workload: ZoneWorkload;
  /** Registry account of AWS that images of add-ons come from. */
  readonly addonRegistryAccount: string;
  /** What pods select these nodes by: the label `mcp-zero-trust/nodes`. */
  readonly name: string;
  /** Whether only pods that tolerate the taint of the same name and value run here. */
  readonly dedicated: boolean;
}

/** Label of nodes by their group, and the taint of groups that are there for some pods only. */
export const NODES = 'mcp-zero-trust/nodes';

const PULL = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
/** What a node asks of EC2 to know itself. These actions know no resources. */
const DESCRIBE = ['ec2:DescribeInstances', 'ec2:DescribeInstanceTypes', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs', 'ec2:DescribeSecurityGroups'];

/**
 * Nodes of a cluster: Bottlerocket, which has no shell, no SSH, no package manager and a read-only root that is verified, and enforces SELinux. No
 * address outside of the zone, no key pair, no session manager; instance credentials for processes of the node alone; encrypted disks.
 *
 * Control: CON-1, CON-3, CON-4, PUB-4, PUB-5, TBL-1.
 */
export class ClusterNodes extends Construct {
  readonly nodegroup: eks.Nodegroup;
  /** What a node may do; what its pods may do is `PodRole`. */
  readonly role: iam.Role;
  /** What pods select these nodes by: the label `mcp-zero-trust/nodes`. */
  readonly name: string;
  /** Their place in the zone. */
  readonly workload: ZoneWorkload;
  readonly zone: SecurityZone;

  constructor(scope: Construct, id: string, props: ClusterNodesProps) {
    super(scope, id);
    const { cluster, zone, workload, name, dedicated } = props;
    this.zone = zone;
    this.workload = workload;
    this.name = name;
    this.role = this.createRole(cluster);
    const addons = `arn:${Stack.of(this).partition}:ecr:${Stack.of(this).region}:${props.addonRegistryAccount}:repository/*`;
    this.letPull(addons, props.addonRegistryAccount);
    const minSize = props.minSize ?? 2;
    const template = this.createLaunchTemplate(props);
    const instanceType = props.instanceType ?? ec2.InstanceType.of(ec2.InstanceClass.M7G, ec2.InstanceSize.LARGE);
    this.nodegroup = new eks.Nodegroup(this, 'Group', {
      cluster,
      nodeRole: this.role,
      subnets: workload.vpcSubnets,
      amiType: instanceType.architecture === ec2.InstanceArchitecture.ARM_64 ? eks.NodegroupAmiType.BOTTLEROCKET_ARM_64 : eks.NodegroupAmiType.BOTTLEROCKET_X86_64,
      instanceTypes: [instanceType],
      launchTemplateSpec: { id: template.launchTemplateId!, version: template.latestVersionNumber },
      minSize,
      desiredSize: minSize,
      maxSize: props.maxSize ?? 2 * minSize,
      maxUnavailable: 1,
      // An update waits for pods that a disruption budget holds, and fails rather than ending them.
      forceUpdate: false,
      enableNodeAutoRepair: true,
      labels: { [NODES]: name },
      taints: dedicated ? [{ key: NODES, value: name, effect: eks.TaintEffect.NO_SCHEDULE }] : undefined,
    });
    this.nodegroup.node.addDependency(workload.readiness);
    acknowledge(this, {
      'AwsSolutions-IAM5[Resource::*]': 'ecr:GetAuthorizationToken and the descriptions of EC2 know no resources; every other statement names its own',
      [wildcardFinding(this, addons)]: 'images of the managed add-ons of Amazon EKS come from this registry of AWS, whose repositories change with the add-ons',
      'NIST.800.53.R5-IAMNoInlinePolicy': 'the policy is part of the role of one group of nodes and lives and dies with it',
    });
  }

  /**
   * Lets these nodes pull images of a repository.
   *
   * @param repositoryArn the repository
   * @param registryAccount account of its registry; this one when it is not given
   */
  letPull(repositoryArn: string, registryAccount?: string): void {
    this.role.addToPolicy(new iam.PolicyStatement({ actions: PULL, resources: [repositoryArn] }));
    this.zone.allowImagePull(this.workload, repositoryArn, registryAccount);
  }

  /** The managed policies for nodes would let a node pull from every repository and change every network interface of the account. */
  private createRole(cluster: eks.Cluster): iam.Role {
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'), description: `Nodes of ${this.workload.workloadName}` });
    const { region } = Stack.of(this);
    const grants = [
      { service: ClusterService.EC2, use: { actions: DESCRIBE, resources: ['*'] } },
      { service: ClusterService.EKS, use: { actions: ['eks:DescribeCluster'], resources: [cluster.clusterArn] } },
      // Only roles that are associated with pods of this cluster, and only for pods on this node.
      { service: ClusterService.EKS_AUTH, use: { actions: ['eks-auth:AssumeRoleForPodIdentity'], resources: [cluster.clusterArn], hostNames: [`eks-auth.${region}.api.aws`] } },
    ];
    for (const { service, use } of grants) {
      role.addToPolicy(new iam.PolicyStatement({ actions: use.actions, resources: use.resources }));
      this.zone.allowService(this.workload, service, use);
    }
    role.addToPolicy(new iam.PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }));
    return role;
  }

  private createLaunchTemplate({ workload, podPidsLimit = 1024 }: ClusterNodesProps): ec2.LaunchTemplate {
    const disk = (sizeGiB: number) => ec2.BlockDeviceVolume.ebs(sizeGiB, { encrypted: true, volumeType: ec2.EbsDeviceVolumeType.GP3, deleteOnTermination: true });
    const template = new ec2.LaunchTemplate(this, 'Template', {
      securityGroup: workload.securityGroup,
      associatePublicIpAddress: false,
      requireImdsv2: true,
      // One hop does not leave the node's own network: no pod reaches the metadata service.
      httpPutResponseHopLimit: 1,
      httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
      instanceMetadataTags: false,
      detailedMonitoring: true,
      blockDevices: [{ deviceName: '/dev/xvda', volume: disk(4) }, { deviceName: '/dev/xvdb', volume: disk(30) }],
      userData: ec2.UserData.custom(nodeSettings(podPidsLimit)),
    });
    Tags.of(template).add('mcp-zero-trust:role', 'node');
    return template;
  }
}

/** Settings of Bottlerocket (TOML); Amazon EKS adds those by which a node finds its cluster. */
function nodeSettings(podPidsLimit: number): string {
  if (!Number.isInteger(podPidsLimit) || podPidsLimit < 64) throw new Error(`podPidsLimit is ${JSON.stringify(podPidsLimit)}, expected a whole number of at least 64`);
  return [
    '[settings.host-containers.admin]',
    'enabled = false',
    '[settings.host-containers.control]',
    'enabled = false',
    '[settings.kernel]',
    'lockdown = "integrity"',
    '[settings.kubernetes]',
    'seccomp-default = true',
    `pod-pids-limit = ${podPidsLimit}`,
    '[settings.metrics]',
    'send-metrics = false',
    '[settings.ntp]',
    'time-servers = ["169.254.169.123"]',
    '',
  ].join('\n');
}
