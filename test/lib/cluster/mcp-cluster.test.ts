import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { McpCluster, SecurityZone } from '../../../lib';
import type { McpClusterProps } from '../../../lib';
import { logicalId, propertiesOf, securityGroupRules, walls } from '../zone/zone-stack';
import { textOf } from './delivered';

function clustered(props: Partial<McpClusterProps> | ((stack: Stack) => Partial<McpClusterProps>) = {}) {
  const app = new App({ context: { '@aws-cdk/aws-lambda:useCdkManagedLogGroup': true } });
  const stack = new Stack(app, 'Stack');
  const zone = new SecurityZone(stack, 'Zone', { cidr: '10.80.0.0/16' });
  const cluster = new McpCluster(stack, 'Cluster', {
    zone,
    administrators: [iam.Role.fromRoleName(stack, 'Platform', 'platform')],
    ...(typeof props === 'function' ? props(stack) : props),
  });
  return { app, stack, zone, cluster, template: () => Template.fromStack(stack) };
}

const kubectlLayer = (stack: Stack) => lambda.LayerVersion.fromLayerVersionArn(stack, 'Kubectl', 'arn:aws:lambda:eu-west-1:123456789012:layer:kubectl:1');

describe('a cluster with two groups of nodes', () => {
  const { cluster, template: synthesize } = clustered({ administratorCidrs: ['10.30.0.0/16'] });
  const system = cluster.addNodes('system');
  const servers = cluster.addNodes('servers', { minSize: 3, podPidsLimit: 512 });
  cluster.connectNodes(system, servers, 8080);
  const template = synthesize();
  const [eks] = propertiesOf(template, 'AWS::EKS::Cluster');
  const addons = Object.fromEntries(propertiesOf(template, 'AWS::EKS::Addon').map((addon) => [addon.AddonName, addon]));
  const groups = propertiesOf(template, 'AWS::EKS::Nodegroup');
  const templates = propertiesOf(template, 'AWS::EC2::LaunchTemplate').map(({ LaunchTemplateData }) => LaunchTemplateData);
  const userData = templates.map((data) => textOf(data.UserData['Fn::Base64'] ?? data.UserData));

  test('NET-1 the API of the cluster has no public endpoint, and is reached from declared networks', () => {
    expect(eks!.ResourcesVpcConfig).toMatchObject({ EndpointPrivateAccess: true, EndpointPublicAccess: false });
    expect(walls(template)['10.80.80.0/22']).toContain('in allow tcp 443-443 10.30.0.0/16');
  });

  test('MUL-3 secrets of the cluster are encrypted with a key of its own, which is rotated', () => {
    expect(eks!.EncryptionConfig).toEqual([{ Provider: { KeyArn: { 'Fn::GetAtt': [expect.stringMatching(/^ClusterKey/), 'Arn'] } }, Resources: ['secrets'] }]);
    template.hasResourceProperties('AWS::KMS::Key', { Description: 'Secrets and logs of a cluster of MCP servers', EnableKeyRotation: true });
  });

  test('LOG-2 all logs of the control plane are kept, encrypted, for a year', () => {
    expect(eks!.Logging.ClusterLogging.EnabledTypes.map(({ Type }: any) => Type).sort()).toEqual(['api', 'audit', 'authenticator', 'controllerManager', 'scheduler']);
    const groups = propertiesOf(template, 'AWS::Logs::LogGroup').filter(({ LogGroupName }) => LogGroupName);
    expect(groups.map(({ LogGroupName }) => LogGroupName).sort()).toEqual([
      ...['application', 'dataplane', 'host', 'performance'].map((kind) => `/aws/containerinsights/${eks!.Name}/${kind}`), `/aws/eks/${eks!.Name}/cluster`,
    ]);
    for (const group of groups) expect(group).toMatchObject({ RetentionInDays: 365, KmsKeyId: { 'Fn::GetAtt': [expect.stringMatching(/^ClusterKey/), 'Arn'] } });
  });

  test('the log group of the control plane is there before the cluster would make one', () => {
    const [{ DependsOn }] = Object.values(template.findResources('AWS::EKS::Cluster')) as any[];
    expect(DependsOn).toContainEqual(expect.stringMatching(/LogsControlPlane/));
  });

  test('MUL-7 only declared entries give access, and none to whoever deploys', () => {
    expect(eks!.AccessConfig).toEqual({ AuthenticationMode: 'API', BootstrapClusterCreatorAdminPermissions: false });
    const entries = propertiesOf(template, 'AWS::EKS::AccessEntry');
    expect(entries.map(({ PrincipalArn }) => textOf(PrincipalArn))).toEqual([expect.stringMatching(/role\/platform$/)]);
  });

  test('a cluster cannot be deleted by accident', () => {
    expect(eks!.DeletionProtection).toBe(true);
  });

  test('CON-1 PUB-5 nodes are Bottlerocket without a way to log in, with a kernel that is locked', () => {
    expect(groups).toHaveLength(2);
    for (const group of groups) {
      expect(group.AmiType).toBe('BOTTLEROCKET_ARM_64');
      expect(group.RemoteAccess).toBeUndefined();
    }
    for (const text of userData) {
      expect(text).toContain('[settings.host-containers.admin]\nenabled = false\n[settings.host-containers.control]\nenabled = false\n');
      expect(text).toContain('lockdown = "integrity"');
    }
    for (const data of templates) expect(data.KeyName).toBeUndefined();
  });

  test('PUB-4 nodes have no public address, and no pod reaches the metadata service', () => {
    for (const data of templates) {
      expect(data.NetworkInterfaces).toEqual([expect.objectContaining({ AssociatePublicIpAddress: false })]);
      expect(data.MetadataOptions).toMatchObject({ HttpTokens: 'required', HttpPutResponseHopLimit: 1 });
    }
  });

  test('disks of nodes are encrypted', () => {
    for (const data of templates) for (const { Ebs } of data.BlockDeviceMappings) expect(Ebs).toMatchObject({ Encrypted: true, VolumeType: 'gp3' });
  });

  test('CON-3 CON-4 a pod has a limit of processes, and the seccomp profile of the runtime where it names none', () => {
    expect(userData.map((text) => /pod-pids-limit = (\d+)/.exec(text)![1]).sort()).toEqual(['1024', '512']);
    for (const text of userData) expect(text).toContain('seccomp-default = true');
  });

  test('TBL-1 nodes are two or more, repaired by themselves, replaced one by one, and drained before', () => {
    expect(groups.map(({ ScalingConfig }) => ScalingConfig)).toEqual(expect.arrayContaining([{ MinSize: 2, DesiredSize: 2, MaxSize: 4 }, { MinSize: 3, DesiredSize: 3, MaxSize: 6 }]));
    for (const group of groups) expect(group).toMatchObject({ NodeRepairConfig: { Enabled: true }, UpdateConfig: { MaxUnavailable: 1 }, ForceUpdateEnabled: false });
  });

  test('MUL-2 the first nodes are for everybody, and all others for those who say so', () => {
    const byName = Object.fromEntries(groups.map((group) => [group.Labels['mcp-zero-trust/nodes'], group]));
    expect(byName.system!.Taints).toBeUndefined();
    expect(byName.servers!.Taints).toEqual([{ Key: 'mcp-zero-trust/nodes', Value: 'servers', Effect: 'NO_SCHEDULE' }]);
  });

  test('MUL-5 nodes reach the control plane, names, and what was declared, and no other nodes', () => {
    const between = securityGroupRules(template).filter((rule) => !rule.includes('Endpoint of'));
    expect(between).toEqual([
      'control-plane -> servers-nodes:10250', 'control-plane -> system-nodes:10250', 'control-plane -> system-nodes:10251', 'control-plane -> system-nodes:9443',
      'servers-nodes -> control-plane:443', 'servers-nodes -> system-nodes:53', 'servers-nodes -> system-nodes:53',
      'system-nodes -> control-plane:443', 'system-nodes -> servers-nodes:10250', 'system-nodes -> servers-nodes:8080',
      'system-nodes -> system-nodes:10250', 'system-nodes -> system-nodes:53', 'system-nodes -> system-nodes:53',
    ]);
  });

  test('MUL-5 NET-1 the walls behind the security groups let the same through: names over UDP too, and nothing from or to addresses outside', () => {
    const nodes = walls(template)['10.80.0.0/20']!;
    expect(nodes).toEqual(expect.arrayContaining(['in allow udp 53-53 10.80.0.0/18', 'out allow udp 53-53 10.80.0.0/18', 'in allow udp 1024-65535 10.80.0.0/18']));
    expect(nodes.filter((rule) => !/ 10\.80\./.test(rule))).toEqual([]);
  });

  test('NET-1 nodes reach what they need of AWS, and no service besides', () => {
    const reached = (name: string) => securityGroupRules(template).filter((rule) => rule.startsWith(`${name} -> Endpoint`)).map((rule) => rule.replace(/.*Endpoint of (\S+):443/, '$1'));
    expect(reached('servers-nodes')).toEqual(['ec2', 'ecr-api', 'ecr-dkr', 'eks-auth', 'eks', 'guardduty-data', 'logs', 'monitoring', 's3']);
  });

  test('SOC-2 MUL-5 add-ons are managed, and Amazon EKS puts back what somebody changes of them; network policies are enforced', () => {
    expect(eks!.BootstrapSelfManagedAddons).toBe(false);
    expect(Object.keys(addons).sort()).toEqual(['amazon-cloudwatch-observability', 'aws-guardduty-agent', 'coredns', 'eks-pod-identity-agent', 'kube-proxy', 'metrics-server', 'vpc-cni']);
    for (const { ResolveConflicts } of propertiesOf(template, 'AWS::EKS::Addon')) expect(ResolveConflicts).toBe('OVERWRITE');
    expect(JSON.parse(textOf(addons['vpc-cni']!.ConfigurationValues))).toMatchObject({ enableNetworkPolicy: 'true' });
  });

  test('nodes start when their network is there, and add-ons that run in pods when there are nodes', () => {
    const resources = template.toJSON().Resources as Record<string, any>;
    const idsOf = (...names: string[]) => Object.keys(resources).filter((id) => resources[id].Type === 'AWS::EKS::Addon' && names.includes(resources[id].Properties.AddonName));
    const nodegroups = Object.keys(resources).filter((id) => resources[id].Type === 'AWS::EKS::Nodegroup');
    for (const id of nodegroups) expect(resources[id].DependsOn).toEqual(expect.arrayContaining(idsOf('vpc-cni', 'eks-pod-identity-agent', 'kube-proxy')));
    for (const id of idsOf('coredns', 'metrics-server', 'amazon-cloudwatch-observability')) expect(resources[id].DependsOn).toEqual(expect.arrayContaining(nodegroups));
  });

  test('IAM-2 MUL-2 credentials of pods are for one service account of this cluster', () => {
    const roles = propertiesOf(template, 'AWS::IAM::Role').filter(({ AssumeRolePolicyDocument }) => JSON.stringify(AssumeRolePolicyDocument).includes('pods.eks.amazonaws.com'));
    expect(roles).toHaveLength(2);
    for (const { AssumeRolePolicyDocument: { Statement: [statement] } } of roles) {
      expect(statement.Action).toEqual(['sts:AssumeRole', 'sts:TagSession']);
      expect(statement.Condition).toEqual({
        StringEquals: {
          'aws:SourceAccount': { Ref: 'AWS::AccountId' },
          'aws:RequestTag/kubernetes-namespace': expect.any(String),
          'aws:RequestTag/kubernetes-service-account': expect.any(String),
        },
        ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [expect.stringMatching(/^Cluster/), 'Arn'] } },
      });
    }
  });

  test('IAM-2 a node pulls images of add-ons, gets credentials for pods of this cluster, and changes nothing', () => {
    const nodeRoles = groups.map(({ NodeRole }) => logicalId(NodeRole));
    const policies = propertiesOf(template, 'AWS::IAM::Policy').filter(({ Roles }) => Roles.some((role: unknown) => nodeRoles.includes(logicalId(role))));
    expect(policies).toHaveLength(2);
    for (const { PolicyDocument } of policies) {
      const actions = PolicyDocument.Statement.flatMap(({ Action }: any) => Action) as string[];
      expect(actions.filter((action) => !/:(Describe|Get|BatchGet|BatchCheck)/.test(action))).toEqual(['eks-auth:AssumeRoleForPodIdentity']);
      expect(PolicyDocument.Statement.find(({ Action }: any) => Action === 'eks-auth:AssumeRoleForPodIdentity').Resource).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^Cluster/), 'Arn'] });
    }
    for (const role of nodeRoles) expect(template.findResources('AWS::IAM::Role')[role]!.Properties.ManagedPolicyArns).toBeUndefined();
  });

  test('NET-1 the name of the API is looked up in the zone, and that of no other cluster', () => {
    const domains = propertiesOf(template, 'AWS::Route53Resolver::FirewallDomainList').flatMap(({ Domains }) => Domains);
    expect(JSON.stringify(domains)).toMatch(/"Fn::GetAtt":\["Cluster[0-9A-Z]+","Endpoint"\]/);
    expect(domains.filter((name: unknown) => typeof name === 'string' && name.includes('eks.amazonaws.com'))).toEqual([]);
  });
});

describe('with a layer that has kubectl', () => {
  const { cluster, template: synthesize } = clustered((stack) => ({ administrators: undefined, kubectlLayer: kubectlLayer(stack) }));
  cluster.addNodes('system');
  const template = synthesize();

  test('NET-1 the functions that apply manifests are in the zone, beside the control plane, and reach nothing else', () => {
    const functions = propertiesOf(template, 'AWS::Lambda::Function').filter(({ VpcConfig }) => VpcConfig);
    expect(functions).toHaveLength(2);
    const rules = securityGroupRules(template).filter((rule) => rule.startsWith('kubectl ->')).map((rule) => rule.replace(/Endpoint of /, ''));
    expect(rules).toEqual(['kubectl -> eks:443', 'kubectl -> lambda:443', 'kubectl -> s3:443', 'kubectl -> sts:443', 'kubectl -> control-plane:443']);
  });

  test('LOG-2 their logs are encrypted with the key of the cluster', () => {
    const groups = Object.entries(template.findResources('AWS::Logs::LogGroup')).filter(([id]) => id.includes('KubectlProvider'));
    expect(groups).toHaveLength(2);
    for (const [, { Properties }] of groups) expect(Properties.KmsKeyId).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^ClusterKey/), 'Arn'] });
  });

  test('their role administers the cluster, and nobody else does', () => {
    expect(propertiesOf(template, 'AWS::EKS::AccessEntry')).toHaveLength(1);
  });
});

test('CON-3 fails with a limit of processes that no pod can live with', () => {
  const { cluster } = clustered();
  expect(() => cluster.addNodes('system', { podPidsLimit: 10 })).toThrow('podPidsLimit is 10, expected a whole number of at least 64');
});

test('fails when nobody could apply anything, and without nodes', () => {
  const { app } = clustered({ administrators: [] });
  expect(() => app.synth()).toThrow(/nobody could apply anything to the cluster: give administrators, or kubectlLayer[\s\S]*the cluster has no nodes: add some with addNodes\(\)/);
});

test('HOST-0 without runtime monitoring there is neither an agent nor an endpoint for it', () => {
  const { cluster, template } = clustered({ runtimeMonitoring: false });
  cluster.addNodes('system');
  expect(propertiesOf(template(), 'AWS::EKS::Addon').map(({ AddonName }) => AddonName)).not.toContain('aws-guardduty-agent');
  expect(Object.keys(template().findResources('AWS::EC2::VPCEndpoint')).filter((id) => id.includes('guardduty'))).toEqual([]);
});

test('LOG-1 the lines of one container go to a log group of their own as it writes them, and are not in that of all others', () => {
  const { cluster, template } = clustered();
  cluster.addNodes('system');
  cluster.linesOf('mcp-gateway', 'gateway');
  const addon = propertiesOf(template(), 'AWS::EKS::Addon').find(({ AddonName }) => AddonName === 'amazon-cloudwatch-observability')!;
  const config = JSON.parse(textOf(addon.ConfigurationValues)).containerLogs.fluentBit.config.extraFiles['application-log.conf'] as string;
  const [lines, sent, rest, , sentToo] = config.split('\n\n');
  expect(lines).toContain('Path /var/log/containers/*_mcp-gateway_gateway-*.log');
  expect(sent).toMatch(/log_group_name <ClusterLogsmcpgatewaygateway\w+>[\s\S]*log_key log$/);
  expect(rest).toContain('Exclude_Path /var/log/containers/*_mcp-gateway_gateway-*.log');
  expect(sentToo).not.toContain('log_key');
  const [role] = propertiesOf(template(), 'AWS::IAM::Policy').filter(({ PolicyDocument }) => JSON.stringify(PolicyDocument).includes('cloudwatch:PutMetricData'));
  expect(JSON.stringify(role!.PolicyDocument)).toMatch(/ClusterLogsmcpgatewaygateway/);
});
