import { Token } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { McpClientCapability, McpPrincipal, PolicyStore, UnknownArguments } from '../../../lib';
import { AUTHORIZER, environmentOf, gatewayStack, PROXY, statementsIn } from './gateway-stack';

const URL = 'https://files.example.com/mcp';
const ANALYSTS = McpPrincipal.group('analysts');

describe('an MCP server behind the gateway', () => {
  test('has a route of its own', () => {
    const { gateway } = gatewayStack({ restApi: undefined, publicUrl: 'https://mcp.example.com' });
    expect(gateway.addServer('files', { url: URL }).serverUrl).toBe('https://mcp.example.com/mcp/files');
  });

  test('IAM-3 is reached with its own credential, which only the proxy reads', () => {
    const { gateway, stack, template: synthesize } = gatewayStack();
    const headersSecret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Headers', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:files-AbCdEf');
    gateway.addServer('files', { url: URL, headersSecret, unknownArguments: UnknownArguments.ALLOW });
    const template = synthesize();
    expect(environmentOf(template, PROXY).MCP_SERVERS).toBe(JSON.stringify([
      { name: 'files', url: URL, headersSecretArn: headersSecret.secretArn, unknownArguments: 'allow' },
    ]));
    const readers = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([, policy]) => JSON.stringify(policy).includes('secret:files-AbCdEf'));
    expect(readers.map(([id]) => id)).toEqual([expect.stringContaining('Proxy')]);
  });

  test('may have a URL that only the deployment knows', () => {
    const { gateway, template } = gatewayStack();
    gateway.addServer('files', { url: Token.asString({ Ref: 'Url' }) });
    expect(environmentOf(template(), PROXY).MCP_SERVERS).toEqual({ 'Fn::Join': ['', ['[{"name":"files","url":"', { Ref: 'Url' }, '"}]']] });
  });

  test.each(['Files', 'a/b', '', '-files', 'a'.repeat(64)])('refuses the name %j', (name) => {
    expect(() => gatewayStack().gateway.addServer(name, { url: URL })).toThrow('expected lower-case letters');
  });

  test.each(['http://files.example.com/mcp', 'files.example.com', 'ftp://files'])('NET-4 refuses the url %j', (url) => {
    expect(() => gatewayStack().gateway.addServer('files', { url })).toThrow('expected an https URL');
  });

  test.each([
    ['https://user:secret@files.example.com/mcp', /credentials in it, which would be in the template: give them as headersSecret or credentials$/],
    ['https://files.example.com/mcp#x', /without a fragment/],
    ['https://169.254.169.254/latest', /which the proxy never calls/],
    ['https://[::1]/mcp', /which the proxy never calls/],
    ['https://localhost/mcp', /which the proxy never calls/],
  ])('refuses the url %j', (url, why) => {
    expect(() => gatewayStack().gateway.addServer('files', { url })).toThrow(why);
  });

  test('NET-4 is reached without TLS only where that is said, and then with a warning', () => {
    const { gateway, stack } = gatewayStack();
    gateway.addServer('files', { url: 'http://files.internal/mcp', unsafeAllowPlainHttp: true });
    Annotations.fromStack(stack).hasWarning('/Stack/Gateway/files', Match.stringLikeRegexp('reaches the MCP server "files" without TLS'));
  });

  test('gets to know of clients what it is given, and nothing of their roots otherwise', () => {
    const { gateway, template } = gatewayStack();
    gateway.addServer('files', { url: URL, clientCapabilities: [McpClientCapability.ROOTS] });
    expect(JSON.parse(String(environmentOf(template(), PROXY).MCP_SERVERS))).toEqual([{ name: 'files', url: URL, clientCapabilities: ['roots'] }]);
  });

  test('has a name that no other server of the policy store has', () => {
    const { gateway } = gatewayStack();
    gateway.addServer('files', { url: URL });
    expect(() => gateway.addServer('files', { url: URL })).toThrow(/files/);
  });
});

describe('grants', () => {
  function granted(grant: (server: ReturnType<ReturnType<typeof gatewayStack>['gateway']['addServer']>) => unknown): string[] {
    const { gateway, template } = gatewayStack();
    grant(gateway.addServer('files', { url: URL }));
    return statementsIn(template()).map((statement) => statement.replace(/\s+/g, ' ').trim());
  }

  test('CV-1 callTool names the tools, and lets the principal see the server', () => {
    expect(granted(({ grants }) => grants.callTool(ANALYSTS, 'read_file', 'list_directory'))).toEqual([
      'permit ( principal in Mcp::Group::"analysts", action in [Mcp::Action::"discover", Mcp::Action::"files/read_file", Mcp::Action::"files/list_directory"], resource in Mcp::Server::"files" );',
    ]);
  });

  test('callAnyTool takes in tools that come later', () => {
    expect(granted(({ grants }) => grants.callAnyTool(McpPrincipal.agent('batch')))).toEqual([
      'permit ( principal == Mcp::Agent::"batch", action in [Mcp::Action::"discover", Mcp::Action::"callTool"], resource in Mcp::Server::"files" );',
    ]);
  });

  test('discover shows what there is and no more', () => {
    expect(granted(({ grants }) => grants.discover(McpPrincipal.user('ada')))).toEqual([
      'permit ( principal == Mcp::User::"ada", action in [Mcp::Action::"discover"], resource in Mcp::Server::"files" );',
    ]);
  });

  test('getPrompt and readResource name prompts and URIs', () => {
    expect(granted(({ grants }) => [grants.getPrompt(ANALYSTS, 'summary'), grants.readResource(ANALYSTS, 'file:///a', 'file:///b')])).toEqual([
      'permit ( principal in Mcp::Group::"analysts", action in [Mcp::Action::"discover", Mcp::Action::"getPrompt"], resource in Mcp::Server::"files" ) when { !(resource is Mcp::Prompt) || ["summary"].contains(resource.name) };',
      'permit ( principal in Mcp::Group::"analysts", action in [Mcp::Action::"discover", Mcp::Action::"readResource", Mcp::Action::"subscribeResource"], resource in Mcp::Server::"files" ) when { !(resource is Mcp::Resource) || ["file:///a", "file:///b"].contains(resource.uri) };',
    ]);
  });

  test('getAnyPrompt and readAnyResource name none', () => {
    expect(granted(({ grants }) => [grants.getAnyPrompt(ANALYSTS), grants.readAnyResource(ANALYSTS)]).join()).not.toContain('when');
  });

  test('the same grant twice is one policy', () => {
    expect(granted(({ grants }) => expect(grants.callTool(ANALYSTS, 'read_file')).toBe(grants.callTool(ANALYSTS, 'read_file')))).toHaveLength(1);
  });

  test('need a name, so that forgetting it does not grant everything', () => {
    expect(() => granted(({ grants }) => grants.callTool(ANALYSTS))).toThrow('no tool is named, expected at least one; callAnyTool() grants all of them');
  });

  test.each(['*', ''])('of the tool %j, which is none, fail the synthesis', (tool) => {
    expect(() => granted(({ grants }) => grants.callTool(ANALYSTS, tool))).toThrow(`${JSON.stringify(tool)} names no tool; callAnyTool() grants all of them`);
  });

  test('of a tool that the server does not have fail the synthesis, with the name that was probably meant', () => {
    const { gateway, app } = gatewayStack();
    const toolDefinitions = [{ name: 'read_file', inputSchema: { type: 'object', properties: { path: { type: 'string' } } } }];
    gateway.addServer('files', { url: URL, toolDefinitions }).grants.callTool(ANALYSTS, 'read_fil');
    expect(() => app.synth()).toThrow(/unrecognized action `Mcp::Action::"files\/read_fil"` \(did you mean `Mcp::Action::"files\/read_file"`\?\)/);
  });

  test.each(['a" || true || "', 'a\\', 'a\nb', '${Token[TOKEN.1]}'])('CV-1 a name that could break out of its Cedar literal fails the synthesis: %j', (name) => {
    expect(() => McpPrincipal.group(name)).toThrow();
    expect(() => granted(({ grants }) => grants.callTool(ANALYSTS, name))).toThrow();
    expect(() => granted(({ grants }) => grants.getPrompt(ANALYSTS, name))).toThrow();
    expect(() => granted(({ grants }) => grants.readResource(ANALYSTS, name))).toThrow();
  });

  test('are for somebody', () => {
    expect(() => McpPrincipal.user('')).toThrow('the id of an Mcp::User is empty');
  });
});

describe('an MCP server with a policy store of its own', () => {
  test('CV-1 is decided on by that store alone, by both functions, and its grants go there', () => {
    const { gateway, stack, template: synthesize } = gatewayStack();
    const own = new PolicyStore(stack, 'Own');
    gateway.addServer('files', { url: URL });
    const crm = gateway.addServer('crm', { url: URL, policyStore: own });
    gateway.addServer('wiki', { url: URL, policyStore: own });
    crm.grants.callTool(ANALYSTS, 'find_customer');
    const template = synthesize();
    const storeId = { 'Fn::GetAtt': [stack.getLogicalId(own.node.defaultChild as never), 'PolicyStoreId'] };
    for (const description of [AUTHORIZER, PROXY]) {
      const { MCP_POLICY_STORES: stores, MCP_POLICY_STORE_ID: gatewaysOwn } = environmentOf(template, description);
      expect(stores).toEqual({ 'Fn::Join': ['', ['{"crm":"', storeId, '","wiki":"', storeId, '"}']] });
      expect(gatewaysOwn).not.toEqual(storeId);
    }
    const readers = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
      Properties.PolicyDocument.Statement.some(({ Resource }: { Resource: unknown }) => JSON.stringify(Resource).includes(storeId['Fn::GetAtt'][0]!)),
    );
    expect(readers).toHaveLength(2);
    const [policy] = Object.values(template.findResources('AWS::VerifiedPermissions::Policy'));
    expect(policy!.Properties.PolicyStoreId).toEqual(storeId);
  });

  test('leaves the environment of others as it was', () => {
    const { gateway, template } = gatewayStack();
    gateway.addServer('files', { url: URL });
    expect(environmentOf(template(), PROXY)).not.toHaveProperty('MCP_POLICY_STORES');
  });
});

test('JIT-2 both functions know the network zones of the gateway, and synthesis fails for a range that is none', () => {
  const { template: synthesize } = gatewayStack({ networkZones: { office: ['10.0.0.0/8'] } });
  const template = synthesize();
  for (const description of [AUTHORIZER, PROXY]) expect(environmentOf(template, description).MCP_NETWORK_ZONES).toBe('{"office":["10.0.0.0/8"]}');
  expect(() => gatewayStack({ networkZones: { office: ['everywhere'] } })).toThrow('the network zone "office" has "everywhere"');
});
