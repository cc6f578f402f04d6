import { createKillSwitch, createMarkStore, type Hold, type MarkStore } from '../../lambda/grants';
import { principalId } from '../../lambda/identity';
import { memoryStore } from '../grants/fixtures';
import { startHarness, type Harness } from './harness';

const RESPONSE = { type: 'Agent', id: principalId('incident-response'), issuer: 'mcp-zero-trust' } as const;
const SERVERS = [{ name: 'files', upstream: { kind: 'http', url: 'http://127.0.0.1:9/mcp', headers: {} } }, { name: 'memory', upstream: { kind: 'http', url: 'http://127.0.0.1:9/mcp', headers: {} } }] as const;

describe('a gateway without grants, whose kill switch the response to incidents moves', () => {
  let marks: MarkStore;
  let harness: Harness;
  const list = (server: string, principal: string) => harness.modern(server, 'tools/list', {}, { principal }).then(({ status, response }) => [status, response?.error?.data?.reason]);
  const hold = (target: Hold['target'], held: boolean) => marks.hold({ target, reach: 'calls', held, by: RESPONSE, at: 1, why: 'inc-1' });

  beforeEach(() => {
    marks = createMarkStore(memoryStore());
    harness = startHarness(SERVERS, { killSwitch: createKillSwitch({ marks, refreshMs: 1e9, maxAgeMs: 0, maxStaleMs: 60_000 }) });
  });
  afterEach(() => harness.close());

  const reasonOf = async (server: string, principal: string) => {
    await list(server, principal);
    return harness.events.at(-1)!.reason;
  };

  test('SOC-3 JIT-4 refuses a principal that was blocked, and nobody else, until that is taken back', async () => {
    const served = await reasonOf('files', 'mallory');
    await hold({ kind: 'principal', principal: { type: 'User', id: principalId('mallory'), issuer: 'test' } }, true);
    expect(await reasonOf('files', 'mallory')).toMatch(/blocked/);
    expect(await reasonOf('files', 'alice')).toBe(served);
    await hold({ kind: 'principal', principal: { type: 'User', id: principalId('mallory'), issuer: 'test' } }, false);
    expect(await reasonOf('files', 'mallory')).toBe(served);
  });

  test('SOC-3 refuses a server, and an address', async () => {
    await hold({ kind: 'server', server: 'files' }, true);
    expect(await reasonOf('files', 'alice')).toMatch(/blocked/);
    expect(await reasonOf('memory', 'alice')).not.toMatch(/blocked/);
    await hold({ kind: 'address', address: '127.0.0.1' }, true);
    expect(await reasonOf('memory', 'alice')).toMatch(/blocked/);
  });

  test('SOC-3 serves nobody when it cannot be read', async () => {
    await harness.close();
    harness = startHarness(SERVERS, { killSwitch: createKillSwitch({ marks: { ...marks, read: () => Promise.reject(new Error('away')) } }) });
    expect((await harness.modern('files', 'tools/list')).status).toBe(503);
  });
});
