import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const environment = {
  MCP_PUBLIC_URL: 'https://gateway.example',
  MCP_ISSUERS: '[{"issuer":"https://idp.example","jwks":"https://idp.example/jwks"}]',
  MCP_POLICY_STORE_ID: 'store',
  MCP_DECISION_MODE: 'in-process',
  MCP_POLICY_REFRESH_SECONDS: '60',
  MCP_SERVERS: '[]',
  MCP_KEY_SECRET_ARN: 'arn:key',
  MCP_MAX_BODY_BYTES: '65536',
  MCP_REFUSALS: 'challenge',
  MCP_REGISTRY_TABLE: 'tools',
  MCP_REGISTRY_KEY: 'arn:key',
  MCP_REGISTRY_MAX_HEAD_AGE_SECONDS: '3600',
  MCP_REGISTRY_POLICY: '{"twoPersons":"sensitive","sensitiveTools":[],"approvalDays":90}',
  MCP_REGISTRY_RENEWAL_NOTICE_DAYS: '14',
  MCP_REGISTRY_TOPIC: 'arn:topic',
  MCP_REGISTRY_EVENT_BUS: 'default',
  MCP_GRANTS_TABLE: 'grants',
  MCP_GRANTS_URL: 'https://gateway.example',
  MCP_GRANTS_MAX_LIFETIME_SECONDS: '3600',
  MCP_GRANTS_MAX_USES: '20',
  MCP_GRANTS_DECIDE_SECONDS: '900',
  MCP_GRANTS_SERVERS: '["files"]',
  MCP_GRANTS_SIGN_IN: '{"authorizationEndpoint":"https://idp.example/authorize","tokenEndpoint":"https://idp.example/token","clientId":"approvals"}',
  MCP_GRANTS_EVENT_BUS: 'default',
  MCP_GRANTS_TOPIC: 'arn:topic',
  MCP_OCSF_PREFIX: 'ocsf/',
  MCP_WATCH_BEHAVIOUR: 'true',
  MCP_RESPONSE_TABLE: 'response',
  MCP_RESPONSE_POLICY: '{"automaticFrom":"high","approvalFor":["stop_workload"],"protected":[],"dryRun":false}',
  MCP_RESPONSE_WORKLOADS: '{}',
  MCP_RESPONSE_ALARMS: '{}',
  MCP_RESPONSE_EKS_CLUSTERS: '[]',
  MCP_RESPONSE_EVIDENCE_BUCKET: 'evidence',
  MCP_RESPONSE_EVIDENCE: '{"auditLogs":["/gateway"],"lines":{},"diskLockDays":365}',
  MCP_RESPONSE_TOPIC: 'arn:topic',
  MCP_RESPONSE_WORKFLOW: 'arn:workflow',
  MCP_RESPONSE_CLUSTERS: '{"mcp":{"endpoint":"https://mcp.example","certificateAuthority":"Q0E="}}',
  MCP_RESPONSE_DEPLOYMENTS: '{"mcp":{"mcp-files":["files"]}}',
  MCP_INCIDENT_BUS: 'default',
  MCP_PARTITION: 'aws',
  MCP_ACCOUNT: '123456789012',
  MCP_GATEWAY: 'gateway',
  MCP_URL_SUFFIX: 'amazonaws.com',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
};

const FUNCTIONS = join(__dirname, '..', '..', 'dist', 'lambda');
const BUNDLES = readdirSync(FUNCTIONS, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);

/** Loads a bundle as AWS Lambda does, from its own folder alone, and evaluates `expression` with its exports as `bundle`. */
async function inBundle(name: string, expression: string): Promise<unknown> {
  const folder = join(FUNCTIONS, name);
  const script = `
    globalThis.awslambda = { streamifyResponse: (handler) => handler };
    const bundle = require(${JSON.stringify(folder)});
    Promise.resolve(${expression}).then((value) => process.stdout.write('\\n' + JSON.stringify(value)), (error) => { console.error(error); process.exit(1); });`;
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: '/', env: { ...environment, NODE_NO_WARNINGS: '1' } });
  return JSON.parse(stdout.split('\n').at(-1) as string);
}

describe('the bundles that are deployed', () => {
  it.each(['registry-announce', 'registry-decide', 'registry-discover', 'registry-request-decision', 'registry-rescan', 'registry-scan', 'registry-sign', 'validate-descriptions', 'grants', 'grants-announce', 'grants-wait', 'audit-ocsf', 'security-findings', 'threat-services', 'response-act', 'response-ask', 'response-desk', 'response-plan'])(
    '%s: loads by itself and exports its handler',
    async (name) => expect(await inBundle(name, 'typeof bundle.handler')).toBe('function'),
  );

  it.each(BUNDLES)('%s: has the megabytes beside it that it reads, and no others', (name) => {
    const files = readdirSync(join(FUNCTIONS, name));
    const code = readFileSync(join(FUNCTIONS, name, 'index.js'), 'utf8');
    for (const file of ['cedar_wasm_bg.wasm', 'encoder.json']) expect({ file, there: files.includes(file) }).toEqual({ file, there: code.includes(file) });
  });

  it('each has a hash of its own, by which its asset is known', () => {
    const hashes: Record<string, string> = JSON.parse(readFileSync(join(FUNCTIONS, 'hashes.json'), 'utf8'));
    expect(Object.keys(hashes).sort()).toEqual([...BUNDLES].sort());
    expect(new Set(Object.values(hashes)).size).toBe(BUNDLES.length);
  });

  it('IAM-1 registry-decide: takes no decision from nobody', async () => {
    expect(await inBundle('registry-decide', 'bundle.handler({ body: "{}", isBase64Encoded: false, requestContext: { http: { method: "POST" } } })')).toMatchObject({ statusCode: 403 });
  });

  it('IAM-3 grants-authorizer: refuses a request without a token for grants', async () => {
    const event = { httpMethod: 'GET', path: '/grants', multiValueHeaders: {}, methodArn: 'arn:method', requestContext: { requestId: 'r', identity: {} } };
    expect(await inBundle('grants-authorizer', `bundle.handler(${JSON.stringify(event)})`)).toMatchObject({
      policyDocument: { Statement: [{ Effect: 'Deny', Resource: 'arn:method' }] },
      context: { challenge: expect.stringContaining('resource_metadata="https://gateway.example/.well-known/oauth-protected-resource/grants"') },
    });
  });

  it('registry-announce: passes over an empty batch', async () => {
    expect(await inBundle('registry-announce', 'bundle.handler({ Records: [] })')).toEqual({ batchItemFailures: [] });
  });

  it('MUL-5 response-cluster: asks nothing of a cluster that it was not told of', async () => {
    const request = { operation: 'get', cluster: 'mcp', path: '/api/v1/namespaces/kube-system/secrets' };
    expect(await inBundle('response-cluster', `bundle.handler(${JSON.stringify(request)})`)).toEqual({ refused: 'the response does not get /api/v1/namespaces/kube-system/secrets in the cluster mcp' });
  });

  it('proxy: loads by itself and exports its handler', async () => {
    expect(await inBundle('proxy', 'typeof bundle.handler')).toBe('function');
  });

  it('IAM-1 authorizer: loads by itself and challenges a request without a token', async () => {
    const event = { httpMethod: 'POST', path: '/mcp/files', pathParameters: { server: 'files' }, multiValueHeaders: {}, methodArn: 'arn:method', requestContext: { requestId: 'r', identity: {} } };
    expect(await inBundle('authorizer', `bundle.handler(${JSON.stringify(event)})`)).toMatchObject({
      policyDocument: { Statement: [{ Effect: 'Deny', Resource: 'arn:method' }] },
      context: { challenge: expect.stringContaining('resource_metadata="https://gateway.example/.well-known/oauth-protected-resource/mcp/files"') },
    });
  });
});
