import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Detection } from '../../lambda/behaviour';
import { startLocalGateway, type LocalGateway } from '../../lambda/local';
import { readConfig } from '../../lambda/local/config/load';
import { callTool } from './call';

const tiny = { command: process.execPath, args: [join(__dirname, 'fixtures', 'tiny-server.mjs')] };
const POLICY = `permit (principal, action, resource);
@id("calm-down") forbid (principal, action in Mcp::Action::"callTool", resource) when { context has risk && context.risk >= 50 };`;

describe('a gateway that watches behaviour', () => {
  let folder: string;
  let gateway: LocalGateway;
  const detections: Detection[] = [];

  async function start(behaviour: object | undefined): Promise<string> {
    folder = mkdtempSync(join(tmpdir(), 'behaviour-'));
    detections.length = 0;
    mkdirSync(join(folder, 'policies'));
    writeFileSync(join(folder, 'policies', 'all.cedar'), POLICY);
    const text = JSON.stringify({ mcpServers: { tiny }, listen: '127.0.0.1:0', policies: 'policies', anonymous: 'me', audit: 'audit.jsonl', behaviour });
    const silent = { write: () => undefined, flush: () => Promise.resolve() };
    gateway = await startLocalGateway(readConfig(join(folder, 'mcp.json'), text, {}), silent, undefined, undefined, undefined, { detected: (detection) => void detections.push(detection) });
    return gateway.servers[0]!.url;
  }
  afterEach(() => rmSync(folder, { recursive: true }));

  test('CV-2 a policy that reads context.risk stops an agent that goes in circles, and the audit file says why', async () => {
    const url = await start({ loopCalls: 5 });
    for (let i = 0; i < 4; i++) expect((await callTool(url, undefined, 'echo', { text: 'again' })).body.result).toBeDefined();
    const refused = (await callTool(url, undefined, 'echo', { text: 'again' })).body.error;
    expect(refused?.data).toMatchObject({ reason: 'forbidden', policyIds: ['calm-down'] });
    expect(detections).toMatchObject([{ kind: 'loop', server: 'tiny', tool: 'echo', risk: 50 }]);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('mcp_detections_total{kind="loop"} 1');
    expect(metrics).toContain('mcp_refusals_total{server="tiny",reason="forbidden"} 1');
    await gateway.stop();
    const lines = readFileSync(join(folder, 'audit.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ kind: 'detection', signal: 'loop' }));
    expect(lines).toContainEqual(expect.objectContaining({ decision: 'deny', notes: ['risk:50'] }));
  });

  test('CV-2 where nobody watches there is no risk', async () => {
    const url = await start(undefined);
    for (let i = 0; i < 8; i++) expect((await callTool(url, undefined, 'echo', { text: 'again' })).body.result).toBeDefined();
    await gateway.stop();
    expect(detections).toEqual([]);
  });
});
