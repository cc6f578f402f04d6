import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { AccessGrants, ClusterResponder, ContainerizedMicroservices, McpPrincipal, SenderConstraint, ServiceMesh, ToolRegistry, TraceExport, UpstreamCredentials } from '../../../lib';
import type { AddPodServerOptions, ContainerizedMicroservicesProps } from '../../../lib';
import { refusals } from '../../cluster/manifests/admission';
import { podOf as podManifest } from '../../cluster/manifests/cluster';
import { appliedObjects, objectOf, publishedObjects, textOf } from '../cluster/delivered';
import type { Manifest } from '../cluster/delivered';
import { propertiesOf, securityGroupRules, walls } from '../zone/zone-stack';

const KEYS = JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] });
const DIGEST = `sha256:${'a'.repeat(64)}`;

function modelled(props: Partial<ContainerizedMicroservicesProps> | ((stack: Stack) => Partial<ContainerizedMicroservicesProps>) = {}) {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  const repository = (name: string) => ecr.Repository.fromRepositoryName(stack, `Repository-${name}`, `mcp/${name}`);
  const model = new ContainerizedMicroservices(stack, 'Mcp', {
    tokenIssuers: [{ issuer: 'https://login.example.com', jwks: KEYS }],
    gatewayImage: { repository: repository('gateway'), imageDigest: DIGEST },
    domainName: 'mcp.internal.example.com',
    certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555'),
    kubectlLayer: lambda.LayerVersion.fromLayerVersionArn(stack, 'Kubectl', 'arn:aws:lambda:eu-west-1:123456789012:layer:kubectl:1'),
    ...(typeof props === 'function' ? props(stack) : props),
  });
  const addServer = (name: string, options: Partial<AddPodServerOptions> = {}) => model.addServer(name, { repository: repository(name), imageDigest: DIGEST, ...options });
  return { app, stack, model, addServer, template: () => Template.fromStack(stack) };
}

const secret = (stack: Stack, name: string) => secretsmanager.Secret.fromSecretCompleteArn(stack, `Secret-${name}`, `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`);

/** Actions of the policies of a role, by the description of the role. */
function actionsOf(template: Template, description: string): string[] {
  const [id] = Object.entries(template.findResources('AWS::IAM::Role')).find(([, { Properties }]) => Properties.Description === description)!;
  return propertiesOf(template, 'AWS::IAM::Policy').filter(({ Roles }) => Roles.some(({ Ref }: any) => Ref === id))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement.flatMap(({ Action }: any) => Action));
}

describe('a model with a server without egress and one with', () => {
  const { stack, model, addServer, template: synthesize } = modelled({ clientCidrs: ['10.20.0.0/16'] });
  addServer('files').grants.callTool(McpPrincipal.group('analysts'), 'read_file');
  addServer('crm', { egress: { domains: ['api.example.com'], ports: [443, 8443] }, secrets: { token: secret(stack, 'crm') }, writablePaths: [{ path: '/tmp' }], tokenRequirements: [{ scopes: ['crm'] }] });
  const template = synthesize();
  const objects = appliedObjects(template);
  const podOf = (namespace: string) => objectOf(objects, 'Deployment', namespace).spec.template.spec;
  const between = securityGroupRules(template).filter((rule) => !rule.includes('Endpoint of'));

  test('MUL-1 MUL-2 the gateway and each server are in pods in a namespace of their own', () => {
    expect(objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name).sort()).toEqual(['mcp-crm', 'mcp-files', 'mcp-gateway']);
    expect(objects.filter(({ kind }) => kind === 'Deployment')).toHaveLength(3);
  });

  test('CON-1 CON-2 pods are not root, cannot write, and have no capabilities', () => {
    for (const namespace of ['mcp-gateway', 'mcp-files', 'mcp-crm']) {
      expect(podOf(namespace).securityContext.runAsNonRoot).toBe(true);
      for (const { securityContext } of podOf(namespace).containers) expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
    }
  });

  test('CON-4 pods ask for no AppArmor, which these nodes do not have: they enforce SELinux', () => {
    for (const namespace of ['mcp-gateway', 'mcp-files']) {
      expect(podOf(namespace).securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' });
      expect(podOf(namespace).securityContext.appArmorProfile).toBeUndefined();
    }
  });

  test('SC-1 images are named by their digest', () => {
    for (const namespace of ['mcp-gateway', 'mcp-files']) for (const { image } of podOf(namespace).containers) expect(image).toMatch(/@sha256:a{64}$/);
  });

  test('CON-3 MUL-4 each namespace has a quota', () => {
    for (const namespace of ['mcp-gateway', 'mcp-files', 'mcp-crm']) expect(objectOf(objects, 'ResourceQuota', namespace).spec.hard).toMatchObject({ 'limits.cpu': expect.any(String), 'limits.memory': expect.any(String) });
  });

  test('MUL-2 pods of the gateway and of servers never share a node, and a server with egress has nodes of its own', () => {
    const nodesOf = (namespace: string) => podOf(namespace).nodeSelector['mcp-zero-trust/nodes'];
    expect([nodesOf('mcp-gateway'), nodesOf('mcp-files'), nodesOf('mcp-crm')]).toEqual(['gateway', 'servers', 'crm']);
    expect(podOf('mcp-crm').tolerations).toEqual([{ key: 'mcp-zero-trust/nodes', operator: 'Equal', value: 'crm', effect: 'NoSchedule' }]);
    expect(propertiesOf(template, 'AWS::EKS::Nodegroup').map(({ Labels }) => Labels['mcp-zero-trust/nodes']).sort()).toEqual(['crm', 'gateway', 'servers']);
  });

  test('MUL-5 nodes of servers take connections of the gateway\'s nodes alone, on the port of the mesh, and reach no other server', () => {
    expect(between.filter((rule) => / -> (files|servers|crm)-nodes/.test(rule)).sort()).toEqual([
      'control-plane -> crm-nodes:10250', 'control-plane -> servers-nodes:10250',
      'gateway-nodes -> crm-nodes:10250', 'gateway-nodes -> crm-nodes:15008', 'gateway-nodes -> servers-nodes:10250', 'gateway-nodes -> servers-nodes:15008',
    ]);
    expect(between.filter((rule) => rule.startsWith('servers-nodes -> ')).sort()).toEqual(['servers-nodes -> control-plane:443', 'servers-nodes -> gateway-nodes:15012', 'servers-nodes -> gateway-nodes:53', 'servers-nodes -> gateway-nodes:53']);
  });

  test('NET-2 strict mutual TLS between all pods, and only the gateway\'s identity may call a server', () => {
    expect(objectOf(objects, 'PeerAuthentication', 'mcp-files').spec.mtls).toEqual({ mode: 'STRICT' });
    expect(JSON.stringify(objectOf(objects, 'AuthorizationPolicy', 'mcp-files', 'from-gateway').spec)).toContain('cluster.local/ns/mcp-gateway/sa/gateway');
  });

  test('NET-1 a server without egress has none, in its network policies and around its nodes', () => {
    expect(objects.filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === 'mcp-files').map(({ metadata }) => metadata.name).sort())
      .toEqual(['default-deny', 'from-gateway', 'from-kubelet', 'to-dns', 'to-pod-identity']);
    expect(walls(template)['10.80.0.0/20']!.filter((rule) => !/ 10\.80\./.test(rule))).toEqual([]);
  });

  test('NET-1 a server with egress reaches the internet on its ports, and there what the firewall lets through from its nodes', () => {
    const [rule] = objectOf(objects, 'NetworkPolicy', 'mcp-crm', 'egress-1').spec.egress;
    expect(rule.ports.map(({ port }: any) => port)).toEqual([443, 8443]);
    expect(rule.to.every(({ ipBlock }: any) => !/^(10\.|169\.254\.|172\.16\.|192\.168\.)/.test(ipBlock.cidr))).toBe(true);
    const rules = propertiesOf(template, 'AWS::NetworkFirewall::RuleGroup')[0]!.RuleGroup.RulesSource.RulesString as string;
    expect(rules).toMatch(/pass tls \$SERVER_CRM_NODES any -> any \[443,8443\] .*content:"api\.example\.com"/);
    expect(rules).not.toContain('SERVER_SERVERS');
  });

  test('MUL-3 secrets are files of the pods whose role alone may read them, through an endpoint that names them', () => {
    expect(JSON.stringify(objectOf(objects, 'SecretProviderClass', 'mcp-crm').spec)).toContain('secret:crm-AbCdEf');
    expect(propertiesOf(template, 'AWS::EKS::Addon').map(({ AddonName }) => AddonName)).toContain('aws-secrets-store-csi-driver-provider');
    expect(actionsOf(template, 'Pods of mcp-crm/crm')).toContain('secretsmanager:GetSecretValue');
    expect(actionsOf(template, 'Pods of mcp-files/files')).toEqual([]);
  });

  test('MUL-3 MUL-6 the gateway reads the key that sessions are sealed with itself: nothing of it is in the cluster', () => {
    const settings = objectOf(objects, 'ConfigMap', 'mcp-gateway', 'gateway').data;
    expect(settings.MCP_KEY_SECRET_ARN).toMatch(/^<McpGatewayKeySecret/);
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    expect(actionsOf(template, 'Pods of mcp-gateway/gateway')).toEqual(expect.arrayContaining(['secretsmanager:GetSecretValue', 'verifiedpermissions:ListPolicies']));
  });

  test('MUL-8 the gateway is told of its servers by name, and of the policies that filter what a client sees', () => {
    const settings = objectOf(objects, 'ConfigMap', 'mcp-gateway', 'gateway').data;
    expect(JSON.parse(settings.MCP_SERVERS)).toEqual([
      { name: 'files', url: 'http://files.mcp-files.svc.cluster.local:8080/mcp', unsafeAllowPlainHttp: true },
      expect.objectContaining({ name: 'crm', url: 'http://crm.mcp-crm.svc.cluster.local:8080/mcp', tokenRequirements: expect.anything() }),
    ]);
    expect(settings).toMatchObject({ MCP_PUBLIC_URL: 'https://gateway.mcp.internal.example.com', MCP_POLICY_STORE_ID: expect.stringMatching(/PolicyStoreId>$/), MCP_DECISION_MODE: 'in-process' });
    expect(propertiesOf(template, 'AWS::VerifiedPermissions::Policy')).toHaveLength(1);
  });

  test('NET-4 clients come by a load balancer with TLS 1.3, which encrypts to the gateway and asks it whether it is ready', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', { Port: 443, Protocol: 'HTTPS', SslPolicy: 'ELBSecurityPolicy-TLS13-1-3-2021-06' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { TargetType: 'instance', Protocol: 'HTTPS', Port: 30443, HealthCheckPath: '/readyz' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', { Scheme: 'internal' });
    expect(between).toContain('balancer -> gateway-nodes:30443');
    expect(between.filter((rule) => rule.endsWith(':30443'))).toHaveLength(1);
    expect(walls(template)['10.80.64.0/22']).toContain('in allow tcp 443-443 10.20.0.0/16');
  });

  test('NET-4 MUL-5 the gateway takes connections of the load balancer\'s addresses, by the one service that has a port of nodes', () => {
    expect(objectOf(objects, 'NetworkPolicy', 'mcp-gateway', 'from-addresses').spec.ingress[0].from).toEqual([{ ipBlock: { cidr: '10.80.64.0/20' } }]);
    expect(objectOf(objects, 'Service', 'mcp-gateway', 'entrance').spec).toMatchObject({ type: 'NodePort', externalTrafficPolicy: 'Local' });
    expect(objects.filter(({ kind, spec }) => kind === 'Service' && spec.type !== 'ClusterIP')).toHaveLength(1);
  });

  test('TBL-1 nodes that come and go are targets of the load balancer: their Auto Scaling group is told of it', () => {
    const calls = propertiesOf(template, 'Custom::AWS').map(({ Create }) => JSON.parse(textOf(Create)));
    expect(calls.map(({ action }) => action).sort()).toEqual(['attachTrafficSources', 'describeNodegroup']);
    expect(calls.find(({ action }) => action === 'attachTrafficSources').parameters.TrafficSources).toEqual([{ Identifier: expect.stringMatching(/^<McpBalancerTargetgateway/), Type: 'elbv2' }]);
  });

  test('TBL-1 two pods or more, on different nodes, and a budget for disruptions', () => {
    expect(objectOf(objects, 'HorizontalPodAutoscaler', 'mcp-files').spec.minReplicas).toBe(2);
    expect(objectOf(objects, 'PodDisruptionBudget', 'mcp-files').spec.maxUnavailable).toBe(1);
  });

  test('LOG-1 metrics count the audit events of the gateway\'s pods', () => {
    expect(propertiesOf(template, 'AWS::Logs::MetricFilter').map(({ MetricTransformations: [metric] }) => metric.MetricName).sort()).toEqual(['Denied', 'Errors', 'Latency', 'Requests']);
    expect(model.gateway.metricDenied().namespace).toBe(model.gateway.metricNamespace);
    expect(model.gateway.auditLogGroups).toHaveLength(1);
  });

  test('TB-4 clients that reach no gateway are an alarm, and so are pods that start again and again', () => {
    const watch = Template.fromStack(Stack.of(model.observability!.monitoring));
    watch.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'HTTPCode_ELB_5XX_Count', AlarmActions: [Match.anyValue()] });
    expect(JSON.stringify(watch.findResources('AWS::CloudWatch::Alarm'))).toContain('crash_loop_back_off');
  });

  test('LOG-4 SOC-3 audit events are signed with a key that pods reach through an endpoint, and GuardDuty looks at the cluster too', () => {
    expect(objectOf(objects, 'ConfigMap', 'mcp-gateway', 'gateway').data.MCP_AUDIT_KEY_ARN).toMatch(/^<McpObservabilityAuditTrailSigningKey\w+\.Arn>$/);
    expect(securityGroupRules(template)).toContain('gateway-nodes -> Endpoint of kms:443');
    expect(actionsOf(template, 'Pods of mcp-gateway/gateway')).toContain('kms:Sign');
    const watch = Template.fromStack(Stack.of(model.observability!.threatDetection));
    expect(JSON.stringify(watch.toJSON())).toMatch(/EKS_AUDIT_LOGS[\s\S]*RUNTIME_MONITORING/);
  });

  test('IR-2 SOC-3 the response may take hold of the servers, and not of the gateway: each in its namespace, and by policies that permit nothing', () => {
    const roles = objects.filter(({ kind }) => kind === 'Role');
    expect(roles.map(({ metadata }) => metadata.namespace).sort()).toEqual(['mcp-crm', 'mcp-files']);
    expect(objectOf(objects, 'Role', 'mcp-files').rules).toEqual([
      { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['files'], verbs: ['get'] },
      { apiGroups: ['apps'], resources: ['deployments/scale'], resourceNames: ['files'], verbs: ['patch'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['get', 'list', 'create', 'patch'] },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], resourceNames: ['mcp-incident-isolation-files'], verbs: ['delete'] },
    ]);
    expect(objectOf(objects, 'RoleBinding', 'mcp-files').subjects).toEqual([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: ClusterResponder.GROUP }]);
    expect(propertiesOf(template, 'AWS::EKS::AccessEntry').filter(({ KubernetesGroups }) => KubernetesGroups !== undefined)).toEqual([expect.objectContaining({ KubernetesGroups: [ClusterResponder.GROUP], Type: 'STANDARD' })]);
    expect(objects.find(({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata.name === 'mcp-responders')!.spec.matchConditions[0].expression).toContain(`'${ClusterResponder.GROUP}'`);
  });

  test('NET-1 IR-2 one function reaches the cluster for the response, from where it reaches nothing else, and is told of the servers alone', () => {
    expect(between.filter((rule) => /\bresponse\b/.test(rule))).toEqual(['response -> control-plane:443']);
    expect(securityGroupRules(template).filter((rule) => rule.startsWith('response -> '))).toEqual(['response -> control-plane:443']);
    const reaching = propertiesOf(template, 'AWS::Lambda::Function').find(({ Description }) => /response to incidents/.test(Description ?? ''))!;
    expect(reaching.VpcConfig.SecurityGroupIds).toHaveLength(1);
    expect(textOf(reaching.Environment.Variables.MCP_RESPONSE_DEPLOYMENTS)).toContain('{"mcp-files":["files"],"mcp-crm":["crm"]}');
    const respond = Template.fromStack(Stack.of(model.observability!.response));
    const acting = propertiesOf(respond, 'AWS::Lambda::Function');
    expect(acting.filter(({ VpcConfig }) => VpcConfig !== undefined)).toEqual([]);
    const plan = acting.find(({ Description }) => /^Takes incidents on/.test(Description))!;
    expect(textOf(plan.Environment.Variables.MCP_RESPONSE_WORKLOADS)).toMatch(/"files":\[\{"kind":"workload","platform":"kubernetes","cluster":"<[^>]+>","namespace":"mcp-files","deployment":"files"\}\]/);
    expect(acting.filter(({ Environment }) => Environment?.Variables.MCP_RESPONSE_CLUSTER_FUNCTION !== undefined).map(({ Description }) => Description).sort()).toEqual(['Cuts off and stops Deployments', 'Keeps copies of evidence']);
  });

  test('SOC-3 JIT-4 whom the response blocks the gateway refuses, by a list that its pods read through an endpoint and cannot write', () => {
    const settings = objectOf(objects, 'ConfigMap', 'mcp-gateway', 'gateway').data;
    expect(settings.MCP_BLOCK_TABLE).toMatch(/^<McpBlockListTable/);
    expect(settings.AWS_ENDPOINT_URL_DYNAMODB).toMatch(/^https:/);
    expect(actionsOf(template, 'Pods of mcp-gateway/gateway').filter((action) => action.startsWith('dynamodb:'))).toEqual(['dynamodb:GetItem', 'dynamodb:Query']);
    expect(securityGroupRules(template).filter((rule) => rule.includes('-> Endpoint of dynamodb'))).toEqual(['gateway-nodes -> Endpoint of dynamodb:443']);
    const acting = propertiesOf(Template.fromStack(Stack.of(model.observability!.response)), 'AWS::Lambda::Function').filter(({ Environment }) => Environment?.Variables.MCP_GRANTS_TABLE !== undefined);
    expect(acting.map(({ Description }) => Description).sort()).toEqual(['Blocks addresses', 'Blocks principals and servers, and sets grants aside']);
  });

  test('SOC-2 what is not in the template any more is taken away from the cluster', () => {
    const applied = propertiesOf(template, 'Custom::AWSCDK-EKS-KubernetesResource');
    expect(applied).toHaveLength(4);
    for (const { Manifest, PruneLabel } of applied) {
      for (const { metadata } of JSON.parse(textOf(Manifest))[0].items) expect(metadata.labels[PruneLabel]).toBe('');
    }
  });

  test('SOC-2 CON-2 what weakens pods is refused by the cluster itself, and these policies are there before any pod', () => {
    const parts = Object.entries(template.findResources('Custom::AWSCDK-EKS-KubernetesResource'));
    const [rules] = parts.find(([id]) => id.includes('Manifestscluster'))!;
    expect(parts.filter(([id]) => id !== rules).every(([, { DependsOn }]) => DependsOn.includes(rules))).toBe(true);
    expect(objects.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy').length).toBeGreaterThan(2);
  });

  test('SOC-2 the policies of the cluster let in what is applied to it, and nothing that is weaker', () => {
    const plural: Record<string, string> = { Service: 'services', NetworkPolicy: 'networkpolicies', Namespace: 'namespaces' };
    const create = (object: Manifest, resource: string) => refusals(objects, { operation: 'CREATE', resource, object });
    for (const object of objects.filter(({ kind }) => plural[kind])) expect([object.metadata.name, create(object, plural[object.kind]!)]).toEqual([object.metadata.name, []]);
    for (const namespace of ['mcp-gateway', 'mcp-files', 'mcp-crm']) {
      const pod = podManifest(objects, namespace);
      expect(create(pod, 'pods')).toEqual([]);
      expect(create({ ...pod, spec: { ...pod.spec, hostNetwork: true } }, 'pods')).not.toEqual([]);
    }
  });

  test('nobody is told to do without TLS, and nothing is warned of', () => {
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });
});

describe('without a layer that has kubectl', () => {
  const { addServer, template: synthesize } = modelled((stack) => ({ kubectlLayer: undefined, administrators: [iam.Role.fromRoleName(stack, 'Platform', 'platform')] }));
  addServer('files');
  const template = synthesize();

  test('the same manifests are in a bucket, in the order to apply them in', () => {
    const published = publishedObjects(template);
    expect(Object.keys(published).sort()).toEqual(['00-cluster.json', '10-mcp-files.json', '10-mcp-gateway.json']);
    expect(published['00-cluster.json']!.map(({ metadata }) => metadata.namespace).filter(Boolean)).toEqual([]);
    expect(published['10-mcp-files.json']![0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'mcp-files' } });
    expect(published['10-mcp-gateway.json']!.find(({ kind }) => kind === 'ConfigMap')!.data.MCP_KEY_SECRET_ARN).toMatch(/^<McpGatewayKeySecret/);
  });

  test('nothing of the CDK gets into the cluster, and an output says how to apply them', () => {
    expect(propertiesOf(template, 'Custom::AWSCDK-EKS-KubernetesResource')).toEqual([]);
    const [apply] = Object.values(template.findOutputs('*')).filter(({ Description }) => /Applies the manifests/.test(Description ?? ''));
    expect(textOf(apply!.Value)).toMatch(/^aws s3 sync --delete s3:\/\/<McpManifestsBucket\w+>\/ manifests\/ && kubectl apply -f manifests\/$/);
  });

  test('the bucket is encrypted, versioned, and takes no request without TLS', () => {
    const [id, { Properties }] = Object.entries(template.findResources('AWS::S3::Bucket')).find(([name]) => name.includes('Manifests'))!;
    expect(Properties).toMatchObject({ VersioningConfiguration: { Status: 'Enabled' }, BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }] } });
    expect(JSON.stringify(propertiesOf(template, 'AWS::S3::BucketPolicy').find(({ Bucket }) => Bucket.Ref === id))).toContain('aws:SecureTransport');
  });
});

describe('in a cluster that is there already', () => {
  const given = (stack: Stack): Partial<ContainerizedMicroservicesProps> => ({
    domainName: undefined,
    certificate: undefined,
    kubectlLayer: undefined,
    givenCluster: {
      cluster: eks.Cluster.fromClusterAttributes(stack, 'Given', { clusterName: 'platform' }),
      publicUrl: 'https://mcp.example.com',
      gatewaySources: [{ cidr: '10.1.0.0/20' }],
      gatewayEgress: [{ cidrs: ['10.1.64.0/24'] }],
    },
  });
  const { model, addServer, template: synthesize } = modelled(given);
  addServer('files', { egress: { domains: ['api.example.com'] } });
  const template = synthesize();

  test('there are roles, policies and manifests, and nothing is made of network, nodes and load balancer', () => {
    for (const type of ['AWS::EC2::VPC', 'AWS::EKS::Cluster', 'AWS::EKS::Nodegroup', 'AWS::ElasticLoadBalancingV2::LoadBalancer']) expect(propertiesOf(template, type)).toEqual([]);
    expect(propertiesOf(template, 'AWS::EKS::PodIdentityAssociation').map(({ Namespace, ServiceAccount, ClusterName }) => [ClusterName, Namespace, ServiceAccount])).toEqual([['platform', 'mcp-gateway', 'gateway'], ['platform', 'mcp-files', 'files']]);
    expect(model.zone).toBeUndefined();
  });

  test('MUL-5 pods go to any node, and the gateway takes connections of whom was declared', () => {
    const objects = Object.values(publishedObjects(template)).flat();
    expect(objectOf(objects, 'Deployment', 'mcp-files').spec.template.spec.nodeSelector).toBeUndefined();
    expect(objectOf(objects, 'NetworkPolicy', 'mcp-gateway', 'from-addresses').spec.ingress[0].from).toEqual([{ ipBlock: { cidr: '10.1.0.0/20' } }]);
    expect(objects.filter(({ kind, spec }) => kind === 'Service' && spec.type === 'NodePort')).toEqual([]);
  });

  test('IR-2 the response reaches it where its owner says from where, and nobody is a responder otherwise', () => {
    expect(propertiesOf(template, 'AWS::EKS::AccessEntry')).toEqual([]);
    expect(Object.values(publishedObjects(template)).flat().filter(({ kind }) => kind === 'Role')).toEqual([]);
    const reached = modelled((stack) => {
      const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-11111111', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-11111111'] });
      const { givenCluster, ...props } = given(stack);
      const cluster = eks.Cluster.fromClusterAttributes(stack, 'Reached', { clusterName: 'platform', clusterEndpoint: 'https://platform.eks.example.com', clusterCertificateAuthorityData: 'Q0E=' });
      return { ...props, givenCluster: { ...givenCluster!, cluster, apiAccess: { vpc, vpcSubnets: { subnets: vpc.privateSubnets }, securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-11111111')] } } };
    });
    reached.addServer('files');
    const other = reached.template();
    expect(propertiesOf(other, 'AWS::EKS::AccessEntry')).toHaveLength(1);
    expect(Object.values(publishedObjects(other)).flat().filter(({ kind }) => kind === 'Role').map(({ metadata }) => metadata.namespace)).toEqual(['mcp-files']);
  });
});

const grantsOf = (stack: Stack) => new AccessGrants(stack, 'Grants', { nested: true, signIn: { authorizationEndpoint: 'https://login.example.com/authorize', tokenEndpoint: 'https://login.example.com/token', clientId: 'approvals' } });

describe('with just-in-time grants', () => {
  const { stack, model, addServer, template: synthesize } = modelled((scope) => ({ accessGrants: grantsOf(scope) }));
  addServer('files');
  const template = synthesize();
  const settings = objectOf(appliedObjects(template), 'ConfigMap', 'mcp-gateway', 'gateway').data;
  const site = propertiesOf(template, 'AWS::Lambda::Function').find(({ Description }) => /the API and the approval page/.test(Description ?? ''))!;

  test('JIT-1 JIT-4 pods use them, read whom the kill switch blocks there, and can lift no revocation', () => {
    expect(settings).toMatchObject({ MCP_GRANTS_TABLE: expect.stringMatching(/^<GrantsTable/), MCP_GRANTS_URL: 'https://gateway.mcp.internal.example.com', AWS_ENDPOINT_URL_DYNAMODB: expect.stringMatching(/^https:/) });
    expect(settings.MCP_BLOCK_TABLE).toBeUndefined();
    const [role] = Object.entries(template.findResources('AWS::IAM::Role')).find(([, { Properties }]) => Properties.Description === 'Pods of mcp-gateway/gateway')!;
    const writes = propertiesOf(template, 'AWS::IAM::Policy').filter(({ Roles }) => Roles.some(({ Ref }: any) => Ref === role))
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement).filter(({ Action }: any) => Action === 'dynamodb:PutItem');
    expect(writes.map(({ Condition }: any) => Condition)).toEqual([{ 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['grants'] } }]);
  });

  test('NET-1 only the gateway reaches their table, through an endpoint that knows it by name', () => {
    const [, endpoint] = Object.entries(template.findResources('AWS::EC2::VPCEndpoint')).find(([id]) => id.includes('Endpointsdynamodb'))!;
    expect(endpoint.Properties.PolicyDocument.Statement).toEqual([expect.objectContaining({ Action: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'] })]);
    expect(securityGroupRules(template).filter((rule) => rule.includes('-> Endpoint of dynamodb'))).toEqual(['gateway-nodes -> Endpoint of dynamodb:443']);
  });

  test('NET-1 JIT-1 approvers come to the gateway\'s own name, where a function that is outside of the zone serves these paths and no others', () => {
    expect(site.VpcConfig).toBeUndefined();
    expect(site.Environment.Variables.MCP_PUBLIC_URL).toBe('https://gateway.mcp.internal.example.com');
    const rules = propertiesOf(template, 'AWS::ElasticLoadBalancingV2::ListenerRule').sort((a, b) => a.Priority - b.Priority);
    expect(rules.map(({ Conditions }) => Conditions.map(({ HostHeaderConfig, PathPatternConfig }: any) => (HostHeaderConfig ?? PathPatternConfig).Values))).toEqual([
      [['gateway.mcp.internal.example.com'], ['/grants*', '/approvals*', '/.well-known/oauth-protected-resource/grants']],
      [['gateway.mcp.internal.example.com']],
    ]);
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', { TargetType: 'lambda', TargetGroupAttributes: Match.arrayWith([{ Key: 'lambda.multi_value_headers.enabled', Value: 'true' }]) });
    template.hasResourceProperties('AWS::Lambda::Permission', { Principal: 'elasticloadbalancing.amazonaws.com', SourceAccount: { Ref: 'AWS::AccountId' } });
  });

  test('IR-2 SOC-3 the response sets them aside, and blocks by their kill switch', () => {
    const acting = propertiesOf(Template.fromStack(Stack.of(model.observability!.response)), 'AWS::Lambda::Function').filter(({ Environment }) => Environment?.Variables.MCP_GRANTS_TABLE !== undefined);
    expect(acting.map(({ Description }) => Description).sort()).toEqual(['Blocks addresses', 'Blocks principals and servers, and sets grants aside']);
  });

  test('LOG-1 what people decide is in the audit trail, and nothing is warned of', () => {
    expect(site.Environment.Variables.MCP_AUDIT_KEY_ARN).toBeDefined();
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('in a cluster that is there already, their pages are on an API of its owner', () => {
    const given = (scope: Stack, more: object = {}) => ({
      domainName: undefined, certificate: undefined, kubectlLayer: undefined, accessGrants: grantsOf(scope),
      givenCluster: { cluster: eks.Cluster.fromClusterAttributes(scope, 'Given', { clusterName: 'platform' }), publicUrl: 'https://mcp.example.com', gatewaySources: [{ cidr: '10.1.0.0/20' }], gatewayEgress: [{ cidrs: ['10.1.64.0/24'] }], ...more },
    });
    expect(() => modelled((scope) => given(scope))).toThrow('givenCluster.grantsApi is missing');
    const { template: other } = modelled((scope) => given(scope, { grantsApi: { restApi: new apigateway.RestApi(scope, 'Api', { cloudWatchRole: false }), publicUrl: 'https://api.example.com' } }));
    expect(objectOf(Object.values(publishedObjects(other())).flat(), 'ConfigMap', 'mcp-gateway', 'gateway').data.MCP_GRANTS_URL).toBe('https://api.example.com');
    expect(propertiesOf(other(), 'AWS::ApiGateway::Resource').map(({ PathPart }) => PathPart)).toEqual(expect.arrayContaining(['grants', 'approvals']));
  });
});

describe('spans of the gateway\'s pods', () => {
  const exporting = (traceExport?: TraceExport) => {
    const { template: synthesize } = modelled({ traceExport });
    const template = synthesize();
    return { template, objects: appliedObjects(template), settings: objectOf(appliedObjects(template), 'ConfigMap', 'mcp-gateway', 'gateway').data };
  };

  test('GW-4 go nowhere unless it is said', () => {
    const { template, settings } = exporting();
    expect(JSON.stringify(settings)).not.toMatch(/OTEL_|MCP_TRACES/);
    expect(securityGroupRules(template).filter((rule) => rule.includes('xray'))).toEqual([]);
  });

  test('GW-4 NET-1 to AWS X-Ray are signed by the role of the pods, and go through an endpoint that takes nothing else', () => {
    const { template, settings } = exporting(TraceExport.xRay({ sampleRatio: 0.1 }));
    expect(settings).toMatchObject({ MCP_TRACES_SIGNED_FOR: 'xray', OTEL_SERVICE_NAME: 'mcp-gateway', OTEL_TRACES_SAMPLER_ARG: '0.1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: expect.stringMatching(/^https:\/\/xray\./) });
    expect(actionsOf(template, 'Pods of mcp-gateway/gateway')).toContain('xray:PutSpans');
    expect(securityGroupRules(template).filter((rule) => rule.includes('xray'))).toEqual(['gateway-nodes -> Endpoint of xray:443']);
    const [, endpoint] = Object.entries(template.findResources('AWS::EC2::VPCEndpoint')).find(([id]) => id.includes('Endpointsxray'))!;
    expect(endpoint.Properties.PolicyDocument.Statement.map(({ Action }: any) => Action)).toEqual([['xray:PutTraceSegments', 'xray:PutSpans', 'xray:PutSpansForIndexing']]);
  });

  test('GW-4 NET-1 go to a collector in the cluster over the mesh, among the nodes of what runs the cluster', () => {
    const { template, objects, settings } = exporting(TraceExport.pods({ namespace: 'observability', service: 'collector', podLabels: { app: 'otel' } }));
    expect(settings).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.observability.svc.cluster.local:4318', OTEL_SERVICE_NAME: 'mcp-gateway' });
    expect(objectOf(objects, 'NetworkPolicy', 'mcp-gateway', 'to-telemetry').spec.egress).toEqual([{
      to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'observability' } }, podSelector: { matchLabels: { app: 'otel' } } }], ports: [{ protocol: 'TCP', port: 15008 }],
    }]);
    expect(securityGroupRules(template)).toContain('gateway-nodes -> gateway-nodes:15008');
    expect(actionsOf(template, 'Pods of mcp-gateway/gateway').filter((action) => action.startsWith('xray:'))).toEqual([]);
  });

  test('GW-4 go to a collector elsewhere by the egress that is declared for the gateway', () => {
    const { settings } = exporting(TraceExport.collector('https://collector.example.com:4318'));
    expect(settings).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com:4318' });
  });
});

test('TD-4 with a registry, the gateway reads its table and its public key through endpoints', () => {
  const { model, template: synthesize } = modelled((stack) => ({ registry: new ToolRegistry(stack, 'Tools') }));
  const template = synthesize();
  const settings = objectOf(appliedObjects(template), 'ConfigMap', 'mcp-gateway', 'gateway').data;
  expect(settings).toMatchObject({ MCP_REGISTRY_TABLE: expect.any(String), AWS_ENDPOINT_URL_DYNAMODB: expect.stringContaining('https://') });
  expect(securityGroupRules(template)).toEqual(expect.arrayContaining(['gateway-nodes -> Endpoint of dynamodb:443', 'gateway-nodes -> Endpoint of kms:443']));
  expect(model.gateway.grantPrincipal).toBe(model.gateway.role);
});

test('IAM-3 IAM-4 what the gateway shows a server comes through an endpoint that names it, and bound tokens have their table', () => {
  const { stack, addServer, template: synthesize } = modelled();
  addServer('lake', { credentials: UpstreamCredentials.secret(secret(stack, 'lake')), senderConstraint: SenderConstraint.REQUIRED });
  const template = synthesize();
  const settings = objectOf(appliedObjects(template), 'ConfigMap', 'mcp-gateway', 'gateway').data;
  expect(JSON.parse(settings.MCP_SERVERS)[0].credentials).toMatchObject({ type: 'secret', secret: { secretArn: expect.stringContaining('secret:lake-AbCdEf') } });
  expect(settings).toMatchObject({ MCP_SENDER_CONSTRAINTS: '{"lake":"required"}', MCP_PROOF_TABLE: expect.any(String) });
  const endpoint = Object.entries(template.findResources('AWS::EC2::VPCEndpoint')).find(([id]) => id.includes('secretsmanager'))!;
  expect(JSON.stringify(endpoint[1].Properties.PolicyDocument)).toContain('secret:lake-AbCdEf');
});

test('NET-2 without a mesh, servers are reached on their own port, with their own TLS', () => {
  const { addServer, template: synthesize } = modelled({ mesh: ServiceMesh.none({ serverAuthority: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n' }) });
  addServer('files', { port: 9000 });
  const template = synthesize();
  const rules = securityGroupRules(template);
  expect(rules).toContain('gateway-nodes -> servers-nodes:9000');
  expect(rules.filter((rule) => /:150(08|12|17)$/.test(rule))).toEqual([]);
});

describe('NET-2 with Istio', () => {
  const { addServer, template: synthesize } = modelled({ istio: { version: '1.28.1' } });
  addServer('files');
  const template = synthesize();
  const charts = Object.entries(template.findResources('Custom::AWSCDK-EKS-HelmChart'));

  test('it is installed in ambient mode from repositories of this account, one chart after the other', () => {
    const registry = '<AWS::AccountId>.dkr.ecr.<AWS::Region>.<AWS::URLSuffix>/istio';
    expect(charts.map(([, { Properties }]) => [Properties.Release, textOf(Properties.Repository), Properties.Version])).toEqual([
      ['istio-base', `oci://${registry}/charts/base`, '1.28.1'], ['istiod', `oci://${registry}/charts/istiod`, '1.28.1'],
      ['istio-cni', `oci://${registry}/charts/cni`, '1.28.1'], ['ztunnel', `oci://${registry}/charts/ztunnel`, '1.28.1'],
    ]);
    expect(charts.slice(1).every(([, { DependsOn }], index) => DependsOn.includes(charts[index]![0]))).toBe(true);
    expect(JSON.parse(textOf(charts[1]![1].Properties.Values))).toEqual({ profile: 'ambient', global: { hub: registry, tag: '1.28.1' } });
  });

  test('manifests come after it, since they have kinds that it brings', () => {
    const [, { DependsOn }] = Object.entries(template.findResources('Custom::AWSCDK-EKS-KubernetesResource')).find(([id]) => id.includes('Manifestscluster'))!;
    expect(DependsOn).toEqual(expect.arrayContaining(charts.map(([id]) => id)));
  });

  test('all nodes may pull its images, and only the function that applies manifests its charts', () => {
    const pulls = propertiesOf(template, 'AWS::IAM::Policy').map(({ PolicyDocument }) => JSON.stringify(PolicyDocument)).filter((text) => text.includes(':repository/istio/*'));
    expect(pulls).toHaveLength(2);
    expect(securityGroupRules(template)).toEqual(expect.arrayContaining(['kubectl -> Endpoint of ecr-api:443', 'kubectl -> Endpoint of ecr-dkr:443']));
  });

  test('fails without a layer that has kubectl, and with a version that is none', () => {
    expect(() => modelled({ kubectlLayer: undefined, istio: { version: '1.28.1' } })).toThrow('istio needs a cluster that manifests are applied to: give it a kubectlLayer');
    expect(() => modelled({ istio: { version: 'latest' } })).toThrow('the version of Istio is "latest", expected one such as "1.28.1"');
  });
});

test('LOG-2 that nobody watches is said', () => {
  const { stack, model } = modelled({ unsafeUnobserved: true });
  expect(model.observability).toBeUndefined();
  Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('nobody watches this gateway'));
});

test('CON-0 a server that executes code runs in a sandbox, and it is said that the nodes made here have none', () => {
  const { stack, addServer, template: synthesize } = modelled();
  addServer('python', { executesCode: true });
  expect(objectOf(appliedObjects(synthesize()), 'Deployment', 'mcp-python').spec.template.spec.runtimeClassName).toBe('gvisor');
  Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('"python" executes code, and the nodes that are made here have no sandbox'));
});

describe('MUL-7 of two stages', () => {
  const twoStages = (options: (stack: Stack, stage: string) => Partial<ContainerizedMicroservicesProps>) => {
    const app = new App();
    for (const stage of ['dev', 'prod']) {
      const stack = new Stack(app, stage);
      new ContainerizedMicroservices(stack, 'Mcp', {
        tokenIssuers: [{ issuer: `https://${stage}.example.com`, jwks: KEYS }],
        gatewayImage: { repository: ecr.Repository.fromRepositoryName(stack, 'Repository', 'mcp/gateway'), imageDigest: DIGEST },
        domainName: `${stage}.internal.example.com`,
        certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555'),
        administrators: [iam.Role.fromRoleName(stack, 'Platform', `${stage}-platform`)],
        stage,
        unsafeUnobserved: true,
        ...options(stack, stage),
      });
    }
    return app;
  };
  const key = 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555';

  test('fails when they share a key', () => {
    expect(() => twoStages((stack) => ({ encryptionKey: kms.Key.fromKeyArn(stack, 'Key', key) })).synth()).toThrow(`the stages dev and prod share the key ${key}`);
  });

  test('fails when they share an issuer, which only their manifests know', () => {
    expect(() => twoStages(() => ({ tokenIssuers: [{ issuer: 'https://login.example.com', jwks: KEYS }] })).synth()).toThrow('the stages dev and prod share the token issuer https://login.example.com');
  });

  test('passes when they share neither', () => {
    expect(() => twoStages(() => ({})).synth()).not.toThrow();
  });
});

test.each<[string, Partial<ContainerizedMicroservicesProps>, RegExp]>([
  ['without a domain', { domainName: undefined }, /domainName or certificate is missing/],
  ['with an image by tag', { gatewayImage: { repository: {} as ecr.IRepository, imageDigest: 'latest' } }, /./],
  ['with an issuer whose keys are out of reach', { tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/keys' }] }, /the gateway cannot reach login\.example\.com for the keys of https:\/\/login\.example\.com: declare it with gatewayEgress: { domains: \["login\.example\.com"\] }, or give the keys with jwks/],
])('fails %s', (_, props, message) => {
  expect(() => modelled(props).app.synth()).toThrow(message);
});
