import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { McpGateway, PolicyStore, TraceExport } from '../../../lib';

function functionsWith(traceExport?: TraceExport) {
  const stack = new Stack(new App(), 'Stack');
  new McpGateway(stack, 'Gateway', { policyStore: new PolicyStore(stack, 'Policies'), tokenIssuers: [{ issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' }], traceExport });
  const template = Template.fromStack(stack);
  const functions = Object.values(template.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties).filter(({ Description }) => /^(Who is calling|Validates, decides)/.test(Description ?? ''));
  expect(functions).toHaveLength(2);
  return { template, functions, variables: functions.map(({ Environment }) => Environment.Variables) };
}

test('GW-4 by default functions have segments of AWS X-Ray and send no spans', () => {
  const { functions, variables } = functionsWith();
  for (const { TracingConfig } of functions) expect(TracingConfig).toEqual({ Mode: 'Active' });
  expect(JSON.stringify(variables)).not.toMatch(/OTEL_|MCP_TRACES/);
});

test('GW-4 to AWS X-Ray spans are signed with the roles of both functions, which may send them', () => {
  const { template, variables } = functionsWith(TraceExport.xRay({ sampleRatio: 0.05 }));
  expect(variables.map(({ OTEL_SERVICE_NAME }) => OTEL_SERVICE_NAME)).toEqual(['mcp-gateway-authorizer', 'mcp-gateway-proxy']);
  for (const told of variables) {
    expect(told).toMatchObject({ MCP_TRACES_SIGNED_FOR: 'xray', OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.05' });
    expect(told.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT).toEqual({ 'Fn::Join': ['', ['https://xray.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }, '/v1/traces']] });
  }
  const policies = template.findResources('AWS::IAM::Policy', { Properties: { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['xray:PutSpans']) })]) } } });
  expect(Object.keys(policies)).toHaveLength(2);
});

test('GW-4 to a collector nothing is signed, and no role may do more', () => {
  const { template, variables } = functionsWith(TraceExport.collector('https://collector.internal.example.com:4318'));
  for (const told of variables) expect(told).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.internal.example.com:4318' });
  expect(JSON.stringify([variables, template.findResources('AWS::IAM::Policy')])).not.toMatch(/MCP_TRACES|PutSpans|SAMPLER/);
});

test('GW-4 functions are not sent to pods, which they do not reach', () => {
  expect(() => functionsWith(TraceExport.pods({ namespace: 'observability', service: 'collector' }))).toThrow('which functions do not reach');
});

test.each(['http://collector.example.com', 'https://collector.example.com/', 'https://user:key@collector.example.com', 'collector'])('NET-4 the receiver %s is refused', (url) => {
  expect(() => TraceExport.collector(url)).toThrow('expected an https URL');
});

test.each([-0.1, 1.1, Number.NaN])('a ratio of %s is refused', (sampleRatio) => {
  expect(() => TraceExport.xRay({ sampleRatio })).toThrow('expected 0 to 1');
});
