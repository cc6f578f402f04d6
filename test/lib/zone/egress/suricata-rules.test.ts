import fc from 'fast-check';
import { MAX_CAPACITY, suricataRules, type EgressAllowance, type EgressDestinations } from '../../../../lib/zone/egress';

const ZONE = '10.80.0.0/20';

function allowance(workload: string, source: string, destinations: Partial<EgressDestinations> = {}): EgressAllowance {
  return { workload, source, destinations: [{ domains: ['api.example.com'], parentDomains: [], tlsPorts: [443], httpPorts: [], ...destinations }] };
}

test('NET-1 the rules of one workload with one name', () => {
  const { rules, ipSets, capacity } = suricataRules(ZONE, [allowance('crm', '10.80.8.0/26')]);
  expect(rules.split('\n')).toEqual([
    'drop udp $ZONE any -> any any (msg:"UDP, which QUIC is"; sid:1000000; rev:1;)',
    'drop icmp $ZONE any -> any any (msg:"ICMP"; sid:1000001; rev:1;)',
    'drop ip $ZONE any -> any any (msg:"a protocol other than TCP"; ip_proto:!TCP; sid:1000002; rev:1;)',
    'drop tcp [$ZONE,!$SERVER_CRM] any -> any any (msg:"a source without declared egress"; sid:1000003; rev:1;)',
    'drop tcp $SERVER_CRM any -> any ![443] (msg:"crm: a port that is not declared"; sid:1000004; rev:1;)',
    'drop tcp $SERVER_CRM any -> any [443] (msg:"crm: no TLS on a port of TLS"; flow:established; app-layer-protocol:!tls; sid:1000005; rev:1;)',
    'pass tls $SERVER_CRM any -> any [443] (msg:"crm: api.example.com"; flow:established,to_server; tls.sni; content:"api.example.com"; startswith; endswith; nocase; sid:1000006; rev:1;)',
  ]);
  expect(ipSets).toEqual({ ZONE: [ZONE], SERVER_CRM: ['10.80.8.0/26'] });
  expect(capacity).toBe(7);
});

test('NET-1 without an allowance nothing is passed', () => {
  expect(suricataRules(ZONE, []).rules).not.toMatch(/^pass/m);
});

test('MUL-5 each workload passes from its own addresses only, to its own names only', () => {
  const { rules } = suricataRules(ZONE, [allowance('crm', '10.80.8.0/26'), allowance('search', '10.80.8.64/26', { domains: ['search.example.org'] })]);
  const passes = rules.split('\n').filter((rule) => rule.startsWith('pass'));
  expect(passes.map((rule) => [/\$SERVER_\w+/.exec(rule)![0], /content:"(.*?)"/.exec(rule)![1]])).toEqual([['$SERVER_CRM', 'api.example.com'], ['$SERVER_SEARCH', 'search.example.org']]);
  expect(rules).toContain('drop tcp [$ZONE,!$SERVER_CRM,!$SERVER_SEARCH] any -> any any');
});

test('names keep the ports that they were declared with', () => {
  const { rules } = suricataRules(ZONE, [{
    workload: 'crm', source: '10.80.8.0/26', destinations: [
      { domains: ['a.example.com'], parentDomains: [], tlsPorts: [443], httpPorts: [] },
      { domains: ['b.example.com'], parentDomains: [], tlsPorts: [8443, 443], httpPorts: [80] },
    ],
  }]);
  expect(rules).toContain('drop tcp $SERVER_CRM any -> any ![80,443,8443]');
  expect(rules.match(/^pass.*$/gm)!.map((rule) => `${rule.split(' ')[1]} ${rule.split(' ')[6]} ${/content:"(.*?)"/.exec(rule)![1]}`)).toEqual([
    'tls [443] a.example.com', 'tls [443,8443] b.example.com', 'http [80] b.example.com',
  ]);
  expect(rules).toContain('any [80] (msg:"crm: no HTTP on a port of HTTP"; flow:established; app-layer-protocol:!http;');
});

test('HTTP hosts are compared as the engine has them, without nocase, which it refuses there', () => {
  const { rules } = suricataRules(ZONE, [allowance('crm', '10.80.8.0/26', { tlsPorts: [], httpPorts: [80] })]);
  expect(rules).toMatch(/^pass http .*http\.host; content:"api\.example\.com"; startswith; endswith; sid/m);
  expect(rules).not.toContain('nocase');
});

test('a name with all names below it ends with a dot and the name', () => {
  const { rules } = suricataRules(ZONE, [allowance('crm', '10.80.8.0/26', { domains: [], parentDomains: ['example.com'] })]);
  expect(rules).toContain('tls.sni; dotprefix; content:".example.com"; endswith; nocase;');
});

test('every rule has a sid of its own', () => {
  const { rules, capacity } = suricataRules(ZONE, Array.from({ length: 20 }, (_, index) => allowance(`s${index}`, `10.80.8.${index}/32`)));
  expect(new Set(rules.match(/sid:\d+/g)).size).toBe(capacity);
});

test.each([
  ['*.example.com'], ['example.com.'], ['EXAMPLE.com'], ['localhost'], ['10.0.0.1'], ['https://api.example.com'], ['api.example.com:443'], ['-a.example.com'], ['a..example.com'],
  ['api.example.com"; sid:1;)\npass tcp any any -> any any (msg:"'], ['api.example.com;'], ['api.exämple.com'], [`${'a'.repeat(64)}.com`], [`${'a.'.repeat(127)}com`], [''], ['[::1]'], ['api.example.com/path'],
])('NET-1 refuses the domain %j', (domain) => {
  expect(() => suricataRules(ZONE, [allowance('crm', '10.80.8.0/26', { domains: [domain] })])).toThrow('is not an exact domain name');
});

test('NET-1 whatever is given for a name, a rule holds it as one quoted text, or it is refused', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.domain(), fc.constantFrom('a.b";', 'a.b\n', 'a.b)', "a.b'", 'a.b\\', 'a.b$X', 'a.b|41|')), (domain) => {
    let rules: string;
    try {
      ({ rules } = suricataRules(ZONE, [allowance('crm', '10.80.8.0/26', { domains: [domain] })]));
    } catch {
      return;
    }
    const lines = rules.split('\n');
    expect(lines).toHaveLength(7);
    expect(lines[6]).toMatch(/^pass tls \$SERVER_CRM any -> any \[443\] \(msg:"crm: [a-z0-9.-]+"; flow:established,to_server; tls\.sni; content:"[a-z0-9.-]+"; startswith; endswith; nocase; sid:1000006; rev:1;\)$/);
  }));
});

test.each([
  [allowance('crm', '10.80.8.0/26', { domains: [] }), 'the egress of "crm" names no domain'],
  [allowance('crm', '10.80.8.0/26', { tlsPorts: [] }), 'the egress of "crm" names no port'],
  [allowance('crm', '10.80.8.0/26', { tlsPorts: [0] }), 'the egress port is 0, expected a whole number from 1 to 65535'],
  [allowance('crm', '10.80.8.0/26', { tlsPorts: [443.5] }), 'the egress port is 443.5'],
  [allowance('crm', '10.80.8.0/26', { tlsPorts: [443], httpPorts: [443] }), 'has port 443 for TLS and for HTTP, expected one protocol for a port'],
  [allowance('crm";', '10.80.8.0/26'), 'has a name that firewall rules cannot carry'],
  [allowance('crm', 'anywhere'), 'is not an IPv4 block'],
])('refuses what would make no sense: case %#', (given, message) => {
  expect(() => suricataRules(ZONE, [given])).toThrow(message);
});

test('two names that become one variable are refused, because one would have the other\'s way out', () => {
  expect(() => suricataRules(ZONE, [allowance('a-b', '10.80.8.0/26'), allowance('a_b', '10.80.8.64/26')])).toThrow('two workloads have the firewall variable SERVER_A_B');
});

test('more rules than a group holds are refused', () => {
  const domains = Array.from({ length: MAX_CAPACITY }, (_, index) => `h${index}.example.com`);
  expect(() => suricataRules(ZONE, [allowance('crm', '10.80.8.0/26', { domains })])).toThrow(`makes ${MAX_CAPACITY + 6} firewall rules, and a rule group holds ${MAX_CAPACITY}`);
});
