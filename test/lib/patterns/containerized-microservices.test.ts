import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { ClusterResponder, McpPrincipal } from '../../../lib';
import { refusals } from '../../cluster/manifests/admission';
import { podOf as podManifest } from '../../cluster/manifests/cluster';
import { appliedObjects, objectOf, textOf } from '../cluster/delivered';
import type { Manifest } from '../cluster/delivered';
import { propertiesOf, securityGroupRules, walls } from '../zone/zone-stack';
import { actionsOf, modelled, secret } from './cluster-stack';

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

  test('LOG-3 clients that reach no gateway are an alarm, and so are pods that start again and again', () => {
    const watch = Template.fromStack(Stack.of(model.observability!.monitoring));
    watch.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'HTTPCode_ELB_5XX_Count', AlarmActions: [Match.anyValue()] });
    expect(JSON.stringify(watch.findResources('AWS::CloudWatch::Alarm'))).toContain('crash_loop_back_off');
  });

  test('LOG-4 HOST-0 audit events are signed with a key that pods reach through an endpoint, and GuardDuty looks at the cluster too', () => {
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
