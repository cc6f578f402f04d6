import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as eks from 'aws-cdk-lib/aws-eks-v2';
import { SenderConstraint, ToolRegistry, TraceExport, UpstreamCredentials } from '../../../lib';
import { appliedObjects, objectOf, publishedObjects } from '../cluster/delivered';
import { propertiesOf, securityGroupRules } from '../zone/zone-stack';
import { actionsOf, grantsOf, modelled, secret } from './cluster-stack';

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
