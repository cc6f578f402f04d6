import { App, Size, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { McpWebAcl } from '../../../lib';
import type { McpWebAclProps } from '../../../lib';

function synthesize(props?: McpWebAclProps): Template {
  const stack = new Stack(new App(), 'Stack');
  new McpWebAcl(stack, 'WebAcl', props);
  return Template.fromStack(stack);
}

interface Rule {
  readonly Name: string;
  readonly Priority: number;
  readonly Action?: object;
  readonly Statement: Record<string, never>;
}

function rulesOf(template: Template): Rule[] {
  return Object.values(template.findResources('AWS::WAFv2::WebACL'))[0]!.Properties.Rules;
}

/** The method and path patterns of the rules that let something through. */
function allowed(method: string, path: string, props?: McpWebAclProps): boolean {
  return rulesOf(synthesize(props)).filter(({ Action }) => Action && 'Allow' in Action).some(({ Statement }) => {
    const [pathRule, methodRule] = (Statement as never as { AndStatement: { Statements: { RegexMatchStatement: { RegexString: string } }[] } }).AndStatement.Statements;
    return new RegExp(pathRule!.RegexMatchStatement.RegexString).test(path) && new RegExp(methodRule!.RegexMatchStatement.RegexString).test(method);
  });
}

test('NET-3 blocks what nothing allows', () => {
  synthesize().hasResourceProperties('AWS::WAFv2::WebACL', { Scope: 'REGIONAL', DefaultAction: { Block: {} } });
});

test.each([
  ['POST', '/mcp/files'], ['GET', '/mcp/files'], ['DELETE', '/mcp/files'], ['OPTIONS', '/mcp/files'], ['POST', '/v1/mcp/files'],
  ['GET', '/.well-known/oauth-protected-resource'], ['GET', '/.well-known/oauth-protected-resource/mcp/files'], ['GET', '/v1/healthz'],
])('NET-3 lets through %s %s', (method, path) => {
  expect(allowed(method, path)).toBe(true);
});

test.each([
  ['PUT', '/mcp/files'], ['TRACE', '/mcp/files'], ['POST', '/mcp/'], ['POST', '/mcp/files/more'], ['POST', '/mcp/../admin'], ['POST', '/a/b/mcp/files'],
  ['POST', '/.well-known/oauth-protected-resource'], ['GET', '/Xwell-known/oauth-protected-resource'], ['POST', '/healthz'], ['GET', '/'], ['POSTX', '/mcp/files'],
])('NET-3 does not let through %s %s', (method, path) => {
  expect(allowed(method, path)).toBe(false);
});

test('NET-3 asks the managed rules before it allows anything, and counts only what MCP cannot live with', () => {
  const rules = rulesOf(synthesize());
  expect(rules.map(({ Priority }) => Priority)).toEqual(rules.map((_, index) => index));
  expect(rules.slice(0, 5).map(({ Name }) => Name)).toEqual([
    'AddressRate', 'BodySize', 'AWSManagedRulesAmazonIpReputationList', 'AWSManagedRulesKnownBadInputsRuleSet', 'AWSManagedRulesCommonRuleSet',
  ]);
  expect(JSON.stringify(rules[4]!.Statement).match(/"Name":"\w+_BODY"/g)).toEqual(['"Name":"SizeRestrictions_BODY"', '"Name":"CrossSiteScripting_BODY"', '"Name":"GenericRFI_BODY"']);
});

test('GW-3 limits requests by source address', () => {
  expect(rulesOf(synthesize({ addressRateLimit: 500 }))[0]).toMatchObject({
    Action: { Block: { CustomResponse: { ResponseCode: 429 } } },
    Statement: { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 500, EvaluationWindowSec: 300 } },
  });
});

test('GW-1 blocks a body that is too large, and one that it cannot see to the end', () => {
  const template = synthesize({ maxBodySize: Size.kibibytes(32) });
  template.hasResourceProperties('AWS::WAFv2::WebACL', { AssociationConfig: { RequestBody: { API_GATEWAY: { DefaultSizeInspectionLimit: 'KB_64' } } } });
  expect(rulesOf(template)[1]).toMatchObject({
    Statement: { SizeConstraintStatement: { ComparisonOperator: 'GT', Size: 32768, FieldToMatch: { Body: { OversizeHandling: 'MATCH' } } } },
  });
});

test.each<[string, McpWebAclProps]>([
  ['maxBodySize is 131072 bytes, expected at most the 65536', { maxBodySize: Size.kibibytes(128) }],
  ['addressRateLimit is 5, expected a whole number of at least 10', { addressRateLimit: 5 }],
])('refuses what AWS WAF does not do: %s', (message, props) => {
  expect(() => synthesize(props)).toThrow(message);
});

test('LOG-1 logs without credentials, to a log group that AWS WAF delivers to', () => {
  const template = synthesize();
  template.hasResourceProperties('AWS::Logs::LogGroup', { LogGroupName: Match.stringLikeRegexp('^aws-waf-logs-'), RetentionInDays: 365 });
  template.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
    RedactedFields: Match.arrayWith([{ SingleHeader: { Name: 'authorization' } }]),
    LogDestinationConfigs: [{ 'Fn::Join': ['', Match.not(Match.arrayWith([Match.stringLikeRegexp(':\\*$')]))] }],
  });
});

describe('in front of a load balancer, where AWS WAF looks at 8 KiB of a body', () => {
  test('GW-1 GW-3 blocks what is larger, but for requests to MCP servers, whose arguments are', () => {
    const { Statement: { AndStatement } } = rulesOf(synthesize({ loadBalancer: true, accessGrants: true })).find(({ Name }) => Name === 'BodySize') as any;
    const [{ NotStatement: { Statement: { RegexMatchStatement } } }, { SizeConstraintStatement }] = AndStatement.Statements;
    expect(SizeConstraintStatement).toMatchObject({ ComparisonOperator: 'GT', Size: 8192, FieldToMatch: { Body: { OversizeHandling: 'MATCH' } } });
    const isExempt = (path: string) => new RegExp(RegexMatchStatement.RegexString).test(path);
    expect(['/mcp/files', '/grants', '/approvals/x', '/mcp/files/more', '/grants/mcp/files'].map(isExempt)).toEqual([true, false, false, false, false]);
  });

  test.each([
    ['POST', '/mcp/files', true], ['GET', '/approvals/x', true], ['POST', '/grants/g-1/approve', true], ['GET', '/healthz', true],
    ['POST', '/grants/mcp/files', false], ['POST', '/v1/mcp/files', false], ['GET', '/readyz', false], ['PUT', '/grants', false],
  ])('NET-3 %s %s: %s', (method, path, isAllowed) => {
    expect(allowed(method, path, { loadBalancer: true, accessGrants: true })).toBe(isAllowed);
  });

  test('a larger limit than it looks at is refused', () => {
    expect(() => synthesize({ loadBalancer: true, maxBodySize: Size.kibibytes(64) })).toThrow('maxBodySize is 65536 bytes, expected at most the 8192 that AWS WAF inspects');
  });
});
