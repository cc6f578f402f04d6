import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command-line';

const script = join(__dirname, '..', 'local', 'fixtures', 'tiny-server.mjs');
const root = join(__dirname, '..', '..');

const TOOLS = {
  servers: [
    {
      name: 'files',
      tools: [
        { name: 'read_file', inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }, annotations: { readOnlyHint: true } },
        { name: 'write_file', inputSchema: { type: 'object', properties: { path: { type: 'string' }, content: { type: 'string' } }, required: ['path', 'content'] } },
      ],
    },
  ],
};

const POLICIES = `@id("readers-read")
permit (principal in Mcp::Group::"readers", action in Mcp::Action::"callTool", resource in Mcp::Server::"files")
when { resource.readOnly };

@id("writers-write")
permit (principal in Mcp::Group::"writers", action == Mcp::Action::"files/write_file", resource)
when { context has grant && context.grant.approvals >= 1 };

@id("risk")
forbid (principal, action in Mcp::Action::"callTool", resource)
when { context has risk && context.risk > 70 };
`;

describe('mcp-zero-trust policy', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  const policy = (command: string, ...args: readonly string[]) => run(['policy', command, ...args]);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'policy-command-'));
    writeFileSync(at('tools.json'), JSON.stringify(TOOLS));
    writeFileSync(at('all.cedar'), POLICIES);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  describe('check', () => {
    test('finds nothing in good policies, of a folder and of a file', async () => {
      expect(await policy('check', '--tools', at('tools.json'), folder)).toEqual({ code: 0, stdout: `${folder}: good, 3 policies on 2 tools of 1 server\n`, stderr: '' });
      expect(await policy('check', '--tools', at('tools.json'), at('all.cedar'))).toMatchObject({ code: 0 });
    });

    test.each([
      ['a tool', 'action == Mcp::Action::"files/write_fil"', '', '2:30', 'did you mean `Mcp::Action::"files/write_file"`'],
      ['an argument', 'action == Mcp::Action::"files/write_file"', 'when { context.arguments.paht like "/etc/*" }', '3:8', 'did you mean `path`'],
      ['a circumstance', 'action == Mcp::Action::"files/write_file"', 'when { context has risk && context.riks > 70 }', '3:28', 'did you mean `risk`'],
      ['a server', 'action', 'when { resource in Mcp::Server::"flies" }', '3:20', 'there is no server "flies" (did you mean "files"?)'],
      ['a tool by its entity', 'action', 'when { resource == Mcp::Tool::"files/writefile" }', '3:20', 'did you mean "files/write_file"'],
      ['a type', 'action', 'when { principal in Mcp::Grup::"readers" }', '3:21', 'did you mean `Mcp::Group`'],
      ['the wrong kind of value', 'action == Mcp::Action::"files/write_file"', 'when { context.arguments.path > 3 }', '3:8', 'String'],
    ])('says where %s is misspelt, and what was meant', async (_, action, condition, place, message) => {
      writeFileSync(at('bad.cedar'), `// "a comment; Mcp::Server::"nowhere"\nforbid (principal, ${action}, resource)\n${condition};\n`);
      const { code, stdout } = await policy('check', '--tools', at('tools.json'), folder);
      expect(code).toBe(1);
      expect(stdout.split('\n')[0]).toContain(`${at('bad.cedar')}:${place}: `);
      expect(stdout.split('\n')[0]).toContain(message);
    });

    test('says where a file is not Cedar, for machines too', async () => {
      writeFileSync(at('bad.cedar'), 'permit (principal, action resource);');
      const { code, stdout } = await policy('check', '--tools', at('tools.json'), '--format', 'json', folder);
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toEqual({ ok: false, findings: [{ severity: 'error', file: at('bad.cedar'), line: 1, column: 27, message: expect.stringContaining('unexpected token') }] });
    });

    test('asks the servers of a configuration for their tools, and takes its policies', async () => {
      writeFileSync(at('mcp.json'), JSON.stringify({ mcpServers: { tiny: { command: process.execPath, args: [script] } }, policies: 'tiny' }));
      expect(await policy('check', '--config', at('mcp.json'))).toMatchObject({ code: 2, stderr: expect.stringContaining(at('tiny')) });
      expect(await policy('check', '--config', at('mcp.json'), at('all.cedar'))).toMatchObject({ code: 1, stdout: expect.stringContaining('files/write_file') });
    }, 30_000);

    test('needs to know the tools', async () => {
      expect(await policy('check', folder)).toMatchObject({ code: 2, stderr: expect.stringContaining('--config FILE') });
      writeFileSync(at('list.json'), JSON.stringify({ tools: TOOLS.servers[0]!.tools }));
      expect(await policy('check', '--tools', at('list.json'), folder)).toMatchObject({ code: 2, stderr: expect.stringContaining('--server NAME') });
      expect(await policy('check', '--tools', at('list.json'), '--server', 'files', folder)).toMatchObject({ code: 0 });
    });
  });

  describe('explain', () => {
    const explain = (...args: readonly string[]) => policy('explain', folder, '--tools', at('tools.json'), ...args);
    const write = ['--tool', 'files/write_file', '--arguments', '{"path": "a", "content": ""}'];

    test('allows, by the policy that permits', async () => {
      const { code, stdout } = await explain('--principal', 'alice', '--group', 'readers', '--tool', 'files/read_file', '--arguments', '{"path": "a"}');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^ALLOW {2}alice: files\/read_file\n\npermit "readers-read"\n {2}\+ principal in Mcp::Group::"readers"/);
    });

    test('JIT-1 denies, says which conditions failed and which grant would help', async () => {
      const { code, stdout } = await explain('--principal', 'bob', '--group', 'writers', '--context', '{"purpose": "report"}', ...write);
      expect(code).toBe(1);
      expect(stdout).toContain('DENY  bob: files/write_file: no policy permits it');
      expect(stdout).toContain('  - when context has grant\n      context.grant is absent\n  . when context.grant.approvals >= 1');
      expect(stdout).toContain('A grant for the purpose "report", approved by one person would allow it.');
    });

    test('CV-3 says what a prohibition depends on', async () => {
      const { stdout } = await explain('--principal', 'bob', '--group', 'writers', '--context', '{"risk": 80, "grant": {"approvedBy": ["eve"]}}', ...write);
      expect(stdout).toContain('a policy forbids it\n\nforbid "risk"');
      expect(stdout).toContain('"risk" would not forbid it\n  if not context has risk\n  if not context.risk > 70');
    });

    test('says what of the arguments the gateway refuses before', async () => {
      expect(await explain('--principal', 'bob', '--tool', 'files/write_file', '--arguments', '{"path": 3, "mode": "x"}')).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^DENY {2}bob: files\/write_file: its arguments are refused before any policy is asked\n/),
      });
    });

    test('names the nearest tool', async () => {
      expect(await explain('--principal', 'bob', '--tool', 'files/writefile')).toEqual({ code: 2, stdout: '', stderr: 'the server "files" has no tool "writefile", did you mean "write_file"?\n' });
    });
  });

  describe('test', () => {
    const tests = (cases: string) => {
      writeFileSync(at('tests.yaml'), `policies: .\ntools: tools.json\ntests:\n${cases}`);
      return at('tests.yaml');
    };
    const GOOD = '  - { principal: alice, groups: [readers], tool: files/read_file, arguments: { path: a }, expect: allow, policies: [readers-read] }\n';

    test('passes when all is as expected', async () => {
      const file = tests(`${GOOD}  - { principal: alice, groups: [readers], tool: files/read_file, arguments: { path: a }, context: { risk: 71 }, expect: deny, reason: forbidden, policies: [risk] }
  - { name: no arguments, principal: "Agent::x", tool: files/read_file, expect: deny, reason: invalid_arguments }
  - { principal: eve, server: files, operation: connect, expect: deny, reason: not_permitted }
  - { principal: eve, operation: requestGrant, tool: files/write_file, request: { uses: 3 }, expect: deny }
`);
      expect(await policy('test', file)).toEqual({ code: 0, stdout: `${file}: 5 tests, all as expected\n`, stderr: '' });
    });

    test('fails with the line of what is not, as text, JSON and JUnit', async () => {
      const file = tests(`${GOOD}  - { name: "<eve> & co", principal: eve, tool: files/read_file, arguments: { path: a }, expect: allow }\n`);
      const failure = 'expected allow, got deny (not_permitted)';
      expect(await policy('test', file)).toMatchObject({ code: 1, stdout: `${file}:5: <eve> & co: ${failure}\n${file}: 2 tests, 1 not as expected\n` });
      const json = await policy('test', '--format', 'json', file);
      expect(JSON.parse(json.stdout)).toEqual({
        ok: false,
        files: [{ file, tests: [{ name: 'alice: files/read_file', line: 4, ok: true, failures: [] }, { name: '<eve> & co', line: 5, ok: false, failures: [failure] }] }],
      });
      const junit = await policy('test', '--format', 'junit', file);
      expect(junit.code).toBe(1);
      expect(junit.stdout).toContain(`<testsuite name="${file}" tests="2" failures="1"`);
      expect(junit.stdout).toContain(`<testcase name="&lt;eve&gt; &amp; co"`);
      expect(junit.stdout).toContain(`<failure message="${failure}"/>`);
    });

    test('does not run a file that is wrong, and says every place', async () => {
      const file = tests('  - { principal: alice, tol: files/read_file, expect: maybe }\n');
      const { code, stderr } = await policy('test', file);
      expect(code).toBe(2);
      expect(stderr).toContain(`${file}:4:25: /tests/0/tol: unknown key, did you mean "tool"?`);
      expect(stderr).toContain('/tests/0/expect: expected "allow" or "deny"');
      expect(await policy('test', tests('  - { principal: alice, tool: files/red_file, expect: allow }\n'))).toMatchObject({
        code: 2,
        stderr: `${file}:4:5: the server "files" has no tool "red_file", did you mean "read_file"?\n`,
      });
    });
  });

  test('schema prints what policies are checked against', async () => {
    const cedar = await policy('schema', '--tools', at('tools.json'));
    expect(cedar).toMatchObject({ code: 0, stderr: '' });
    expect(cedar.stdout).toContain('action "files/write_file" in [Action::"callTool"]');
    expect(cedar.stdout).toContain('arguments: {\n        content: String,\n        path: String\n      }');
    const json = await policy('schema', '--tools', at('tools.json'), '--format', 'json');
    expect(JSON.parse(json.stdout).Mcp.actions['files/read_file'].appliesTo.context.attributes.arguments.attributes).toEqual({ path: { type: 'String' } });
    expect(await policy('check', '--tools', join(root, 'package.json'), folder)).toMatchObject({ code: 2 });
  });
});
