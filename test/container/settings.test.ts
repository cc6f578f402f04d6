import { readContainerSettings } from '../../lambda/container/settings';

const ENVIRONMENT = {
  MCP_PUBLIC_URL: 'https://gateway.example', MCP_ISSUERS: '[{"issuer":"https://idp.example","jwks":"https://idp.example/jwks"}]', MCP_POLICY_STORE_ID: 'store', MCP_DECISION_MODE: 'in-process',
  MCP_POLICY_REFRESH_SECONDS: '60', MCP_SERVERS: '[]', MCP_KEY_SECRET_ARN: 'arn:key', MCP_MAX_BODY_BYTES: '65536',
};

test('a container is told what a function is told, and speaks TLS behind one load balancer unless it is told otherwise', () => {
  const { gateway, ...own } = readContainerSettings(ENVIRONMENT);
  expect(gateway.publicUrl).toBe('https://gateway.example');
  expect(own).toEqual({ port: 8443, transport: 'tls', proxies: 1, discoveryMs: 0, leaveMs: 10_000, drainMs: 45_000 });
});

test.each([
  ['MCP_PORT', '65536'], ['MCP_PORT', 'https'], ['MCP_TRANSPORT', 'none'], ['MCP_PROXIES', '-1'], ['MCP_LEAVE_SECONDS', '61'], ['MCP_DRAIN_SECONDS', '1.5'], ['MCP_DISCOVERY_MINUTES', '0.5'], ['MCP_SERVERS', undefined],
])('%s=%s stops the start with a sentence that names it', (name, value) => {
  expect(() => readContainerSettings({ ...ENVIRONMENT, [name]: value })).toThrow(name);
});
