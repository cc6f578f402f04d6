import { cidr, parseAddress } from '../../network/address';
import { decideFlow, parseRule, parseRules, readFirewallPolicy, type Application, type Flow } from '../../network/firewall';
import { readEndpointPolicy } from '../../network/model/endpoint-policy';
import { resolves, type DnsFirewall } from '../../network/model';
import type { Resource } from '../../network/template';

const NONE = { addresses: new Map(), ports: new Map() };

function policy(rules: string, settings: Record<string, unknown> = {}) {
  const resources: Resource[] = [
    { id: 's/P', stack: 's', type: 'AWS::NetworkFirewall::FirewallPolicy', properties: { FirewallPolicy: { StatelessDefaultActions: ['aws:forward_to_sfe'], StatefulEngineOptions: { RuleOrder: 'STRICT_ORDER' }, StatefulDefaultActions: ['aws:drop_established'], StatefulRuleGroupReferences: [{ Priority: 1, ResourceArn: '${s/G}' }], ...settings } } },
    { id: 's/G', stack: 's', type: 'AWS::NetworkFirewall::RuleGroup', properties: { RuleGroup: { RulesSource: rules.startsWith('[') ? { RulesSourceList: { TargetTypes: ['TLS_SNI'], GeneratedRulesType: 'ALLOWLIST', Targets: JSON.parse(rules) } } : { RulesString: rules } } } },
  ];
  return readFirewallPolicy('${s/P}', new Map(resources.map((resource) => [resource.id, resource])), [cidr('10.0.0.0/16')])!;
}

function flow(application: Application, more: Partial<Flow> = {}): Flow {
  return { source: parseAddress('10.0.0.5')!, destination: parseAddress('198.51.100.1')!, protocol: 6, port: 443, application, resolved: false, ...more };
}

const passes = (rules: string, tried: Flow, settings?: Record<string, unknown>) => decideFlow(policy(rules, settings), tried).passes;
const ALLOW = 'pass tls any any -> any 443 (flow:established,to_server; tls.sni; content:"api.example.com"; startswith; endswith; nocase; sid:1;)';

describe('AWS Network Firewall', () => {
  it.each([
    ['its name', { kind: 'tls', name: 'api.example.com' }, true],
    ['its name in capitals', { kind: 'tls', name: 'API.example.com' }, true],
    ['a name that ends like it', { kind: 'tls', name: 'evil-api.example.com' }, false],
    ['a name that begins like it', { kind: 'tls', name: 'api.example.com.attacker.example' }, false],
    ['no name', { kind: 'tls' }, false],
    ['HTTP', { kind: 'http', host: 'api.example.com' }, false],
    ['SSH', { kind: 'ssh' }, false],
  ] as const)('strict order, an exact name: %s', (_, application, expected) => {
    expect(passes(ALLOW, flow(application))).toBe(expected);
  });

  it('a domain list with a dot is about the name itself and all below it', () => {
    const list = '[".example.com"]';
    expect(passes(list, flow({ kind: 'tls', name: 'example.com' }))).toBe(true);
    expect(passes(list, flow({ kind: 'tls', name: 'a.b.example.com' }))).toBe(true);
    expect(passes(list, flow({ kind: 'tls', name: 'evilexample.com' }))).toBe(false);
  });

  it('the default order passes what no rule is about: a domain list stops TLS and lets SSH go', () => {
    const settings = { StatefulEngineOptions: {}, StatefulDefaultActions: [] };
    expect(passes('["example.com"]', flow({ kind: 'tls', name: 'c2.attacker.example' }), settings)).toBe(false);
    expect(passes('["example.com"]', flow({ kind: 'ssh' }), settings)).toBe(true);
  });

  it('drop_strict also drops the handshake, unless a rule passes it', () => {
    const strict = { StatefulDefaultActions: ['aws:drop_strict'] };
    expect(passes(ALLOW, flow({ kind: 'tls', name: 'api.example.com' }), strict)).toBe(false);
    expect(passes(`pass tcp any any -> any 443 (flow:not_established; sid:2;)\n${ALLOW}`, flow({ kind: 'tls', name: 'api.example.com' }), strict)).toBe(true);
    expect(passes(`pass tcp any any -> any 443 (flow:not_established; sid:2;)\n${ALLOW}`, flow({ kind: 'ssh' }), strict)).toBe(false);
  });

  it('a false name passes a rule on names, and not a check of addresses', () => {
    expect(passes(ALLOW, flow({ kind: 'tls', name: 'api.example.com' }))).toBe(true);
    const checked = { Route53ResolvedIPValidation: { Action: 'DROP' } };
    expect(passes(ALLOW, flow({ kind: 'tls', name: 'api.example.com' }), checked)).toBe(false);
    expect(passes(ALLOW, flow({ kind: 'tls', name: 'api.example.com' }, { resolved: true }), checked)).toBe(true);
  });

  it('a rule with a keyword that is not modelled passes for what we know, and drops nothing', () => {
    expect(decideFlow(policy('pass tcp any any -> any any (flow:established; luajit:x.lua; sid:1;)'), flow({ kind: 'raw' }))).toMatchObject({ passes: true, certain: false });
    expect(decideFlow(policy(`drop tls any any -> any any (ja3.hash; content:"abc"; sid:1;)\n${ALLOW}`), flow({ kind: 'tls', name: 'api.example.com' })).passes).toBe(true);
  });

  it('a line that is no rule is listed, and the firewall counts as open', () => {
    expect(parseRules('pass what ever\n# a comment\n', NONE).unread).toEqual(['pass what ever']);
    expect(decideFlow(policy('this is no rule'), flow({ kind: 'raw' }))).toMatchObject({ passes: true, certain: false });
  });

  it.each([
    ['[80,443]', 443, true],
    ['![80,443]', 443, false],
    ['![80,443]', 8443, true],
    ['1024:', 8443, true],
    ['[443,!443]', 443, false],
  ])('ports %s and %d', (ports, port, expected) => {
    expect(passes(`pass tcp any any -> any ${ports} (sid:1;)`, flow({ kind: 'raw' }, { port }))).toBe(expected);
  });

  it('reads a rule with a semicolon in its message', () => {
    expect(parseRule('drop tcp any any -> any any (msg:"a\\;b"; sid:1;)', NONE)!.unknownKeywords).toEqual([]);
    expect(parseRule('drop tcp any any -> any any (msg:"a;b"; sid:1;)', NONE)!.unknownKeywords).toEqual([]);
  });
});

describe('policies of endpoints', () => {
  const allow = (more: Record<string, unknown>) => ({ Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*', ...more }] });
  it.each([
    ['no policy', undefined, true],
    ['everything', allow({}), true],
    ['the account of the resource', allow({ Condition: { StringEquals: { 'aws:ResourceAccount': '111122223333' } } }), false],
    ['the organisation of the resource', allow({ Condition: { StringEquals: { 'aws:ResourceOrgID': 'o-1' } } }), false],
    ['a named bucket', allow({ Resource: ['arn:aws:s3:::ours', 'arn:aws:s3:::ours/*'] }), false],
    ['a bucket with a wildcard in its name', allow({ Resource: 'arn:aws:s3:::ours-*/x' }), true],
    ['who calls', allow({ Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }), true],
    ['a condition that holds where the key is absent', allow({ Condition: { StringEqualsIfExists: { 'aws:ResourceAccount': '111122223333' } } }), true],
    ['a log group of the account', allow({ Resource: 'arn:aws:logs:eu-west-1:111122223333:log-group:x:*' }), false],
    ['a log group of any account', allow({ Resource: 'arn:aws:logs:eu-west-1:*:log-group:x:*' }), true],
    ['a denial of what is foreign', { Statement: [...allow({}).Statement, { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*', Condition: { StringNotEquals: { 'aws:ResourceAccount': '111122223333' } } }] }, false],
    ['a denial with a second condition', { Statement: [...allow({}).Statement, { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*', Condition: { StringNotEquals: { 'aws:ResourceAccount': '1' }, Bool: { 'aws:SecureTransport': 'false' } } }] }, true],
  ])('NET-1 %s', (_, document, foreign) => {
    expect(readEndpointPolicy(document).foreign).toBe(foreign);
  });
});

describe('DNS firewall', () => {
  const rules = (...list: Partial<DnsFirewall['rules'][number]>[]): DnsFirewall => ({ failsOpen: false, rules: list.map((rule) => ({ action: 'BLOCK', trustsRedirection: false, group: 'g', ...rule })) });
  it.each([
    ['nothing is said about a name', rules({ action: 'BLOCK', domains: ['other.example'] }), 'c2.attacker.example', 'A', true],
    ['a name is allowed before all are blocked', rules({ action: 'ALLOW', domains: ['api.example.com'] }, { domains: ['*'] }), 'api.example.com', 'A', true],
    ['an exact name is not what is below it', rules({ action: 'ALLOW', domains: ['api.example.com'] }, { domains: ['*'] }), 'x.api.example.com', 'A', false],
    ['a wildcard is what is below it', rules({ action: 'ALLOW', domains: ['*.example.com'] }, { domains: ['*'] }), 'x.api.example.com', 'A', true],
    ['one type is allowed', rules({ action: 'ALLOW', domains: ['api.example.com'], queryType: 'A' }, { domains: ['*'] }), 'api.example.com', 'TXT', false],
    ['an alert decides nothing', rules({ action: 'ALERT', domains: ['*'] }), 'c2.attacker.example', 'A', true],
    ['a list of AWS blocks nothing for certain', rules({ action: 'BLOCK' }), 'c2.attacker.example', 'A', true],
  ])('NET-1 %s', (_, firewall, name, type, answered) => {
    expect(resolves(firewall, name, type).answered).toBe(answered);
  });
});
