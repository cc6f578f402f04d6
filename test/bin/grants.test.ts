import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port';
import { CommandLine, run, type Ended } from './command-line';

const script = join(__dirname, '..', 'local', 'fixtures', 'tiny-server.mjs');

const POLICIES = `
@id("users") permit (principal, action in [Mcp::Action::"discover", Mcp::Action::"callTool", Mcp::Action::"requestGrant"], resource);
@id("shouting-needs-a-grant") forbid (principal, action == Mcp::Action::"tiny/shout", resource) unless { context has grant };
@id("approvers") permit (
  principal in Mcp::Group::"approvers",
  action in [Mcp::Action::"seeGrants", Mcp::Action::"approveGrant", Mcp::Action::"revokeGrant", Mcp::Action::"useKillSwitch"],
  resource
);
`;

describe('mcp-zero-trust grants', () => {
  let folder: string;
  let config: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'grants-command-'));
    config = join(folder, 'mcp.json');
    mkdirSync(join(folder, 'policies'));
    writeFileSync(join(folder, 'policies', 'all.cedar'), POLICIES);
    writeFileSync(
      config,
      JSON.stringify({
        mcpServers: { tiny: { command: process.execPath, args: [script] } },
        listen: `127.0.0.1:${await freePort()}`,
        audit: 'audit.jsonl',
        policies: 'policies',
        anonymous: { id: 'bob', type: 'User' },
        grants: { folder: 'grants', approvers: ['carol', 'dave'] },
      }),
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const grants = (command: string, ...args: readonly string[]): Promise<Ended> => run(['grants', command, '--config', config, ...args]);
  const ask = async (...more: readonly string[]) => {
    const { stdout, code } = await grants('request', 'tiny/shout', '--as', 'bob', '--purpose', 'INC-1: be heard', ...more);
    expect(code).toBe(0);
    return /^(\w{8}) {2}requested/.exec(stdout)![1]!;
  };

  test('asks, lists, approves by two, and revokes; the whole history is in the audit file', async () => {
    const id = await ask('--arguments', '{"text": "hey"}', '--ticket', 'INC-1');
    expect((await grants('list', '--by', 'carol')).stdout).toMatch(new RegExp(`^requested {2}${id} {2}bob {2}tiny/shout {2}decide within \\d+ s {2}INC-1: be heard\\n$`));
    expect(await grants('approve', id, '--by', 'erin')).toMatchObject({ code: 2, stderr: expect.stringContaining('erin is not one of the "approvers" of "grants" (carol, dave); say who you are with --by NAME') });
    expect((await grants('approve', id, '--by', 'carol')).stdout).toMatch(/requested {2}needs one more approval/);
    expect(await grants('approve', id, '--by', 'carol')).toMatchObject({ code: 1, stderr: 'Nothing was done: you approved it already: somebody else has to be the second one.\n' });
    expect((await grants('approve', id, '--by', 'dave')).stdout).toMatch(/approved {2}\d+ s left, 1 of 1 uses\n[^]*exactly|approved {2}\d+ s left/);
    expect(await grants('revoke', id, '--by', 'dave', '--why', 'enough')).toMatchObject({ code: 0, stdout: 'Revoked.\n' });
    expect(JSON.parse((await grants('list', '--by', 'carol', '--format', 'json')).stdout).grants).toMatchObject([{ state: 'revoked', why: 'enough', by: { id: 'dave' } }]);
    const audited = readFileSync(join(folder, 'audit.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    expect(audited.flatMap(({ action }) => action ?? [])).toEqual(['requested', 'endorsed', 'approval_refused', 'approved', 'revoked']);
    expect(JSON.stringify(audited)).not.toContain('hey');
  }, 60_000);

  test.each([
    [['request', 'shout', '--as', 'bob', '--purpose', 'x'], 2, /expected server\/tool/],
    [['request', 'tiny/shout', '--as', 'bob', '--purpose', 'x', '--arguments', '[]'], 2, /Expected a JSON object/],
    [['request', 'tiny/shout', '--as', 'bob', '--purpose', 'x', '--minutes', '61'], 1, /lifetimeSeconds: expected a whole number/],
    [['revoke', '--by', 'carol', '--why', 'x'], 2, /expected either a grant, or one of/],
    [['kill', '--by', 'carol', '--why', 'x'], 2, /expected one of/],
    [['kill', '--by', 'carol', '--why', 'x', '--server', 'huge'], 2, /there is no server huge/],
    [['approve', 'nothing', '--by', 'carol'], 1, /there is no such grant/],
  ])('%j says what is wrong', async ([command, ...args], code, message) => {
    expect(await grants(command!, ...args)).toMatchObject({ code, stderr: expect.stringMatching(message) });
  });

  test('JIT-4 a gateway that runs obeys within a second, without a restart', async () => {
    const gateway = new CommandLine(['local', '--config', config]);
    try {
      const url = /(http:\S+\/mcp\/tiny)/.exec(await gateway.written(/^Decisions:$/m))![1]!;
      const call = async (tool: string) => {
        const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: { text: 'hey' }, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} } } };
        const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool };
        return (await (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()) as any;
      };
      expect((await call('shout')).error.data.reason).toBe('grant_required');
      const { stdout } = await grants('list', '--by', 'carol');
      const id = /requested {2}(\w{8})/.exec(stdout)![1]!;
      await grants('approve', id, '--by', 'carol');
      expect((await call('shout')).error).toBeDefined();
      await grants('approve', id, '--by', 'dave');
      expect((await call('shout')).result).toBeDefined();
      expect((await call('shout')).error).toBeDefined();

      expect((await call('echo')).result).toBeDefined();
      expect(await grants('kill', '--tool', 'tiny/echo', '--by', 'carol', '--why', 'incident')).toMatchObject({ code: 0 });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect((await call('echo')).error.message).toMatch(/blocked/);
      expect((await grants('list', '--by', 'carol')).stdout).toMatch(/^blocked {2}tool tiny\/echo {2}by carol/);
      await grants('kill', '--tool', 'tiny/echo', '--by', 'carol', '--why', 'over', '--lift');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect((await call('echo')).result).toBeDefined();
      expect((await grants('sign-in', '--by', 'carol')).stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/approvals\/sign-in\?secret=[\w-]{32}\n$/);
    } finally {
      gateway.signal('SIGKILL');
      await gateway.ended;
    }
  }, 60_000);
});
