import { CredentialUnavailable, type UpstreamCredentials } from '../../lambda/credentials';
import { GatewayErrorCode } from '../../lambda/protocol';
import type { Respond } from '../gateway/fixtures/upstream';
import { carol, erin } from './fixtures';
import { answerCalls, bob, events, type Instance, received, server, start, upstream, waiting, wipe } from './gateway-stand';

describe('a gateway with grants', () => {
  describe('several instances', () => {
    test('JIT-1 of 100 concurrent calls on a single-use grant exactly one passes across 4 instances', async () => {
      const instances = [start(), start(), start(), start()];
      await wipe(instances[0]!);
      await instances[1]!.desk.approve((await waiting(instances[0]!)).id, erin);
      // Each instance knows the tools before the race begins.
      for (const { harness } of instances) await harness.modern(server, 'tools/list', {}, { principal: 'bob' });
      const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => wipe(instances[index % 4]!)));
      expect(answers.filter(({ response }) => response.result !== undefined)).toHaveLength(1);
      expect(answers.filter(({ response }) => response.error?.data.reason === 'grant_required')).toHaveLength(99);
      expect(received()).toHaveLength(1);
      // Those that came too late ask together for one more.
      expect((await instances[0]!.desk.list(bob)).filter(({ terms, state }) => terms.server === server && state === 'requested').length).toBeLessThanOrEqual(1);
    }, 60_000);

    test('JIT-1 of 100 concurrent calls on a grant for seven uses exactly seven pass', async () => {
      const instances = [start(), start(), start(), start()];
      const { id } = await instances[0]!.desk.request(bob, { server, tool: 'wipe', purpose: 'load', arguments: { table: 'x' }, uses: 7 });
      await instances[1]!.desk.approve(id, erin);
      const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => wipe(instances[index % 4]!)));
      expect(answers.filter(({ response }) => response.result !== undefined)).toHaveLength(7);
      expect(received()).toHaveLength(7);
    }, 60_000);

    test.each([
      ['the principal', () => ({ kind: 'principal', principal: bob }) as const],
      ['the tool', () => ({ kind: 'tool', server, tool: 'wipe' }) as const],
      ['the server', () => ({ kind: 'server', server }) as const],
      ['everything', () => ({ kind: 'everything' }) as const],
    ])('JIT-4 a block of %s refuses the next call everywhere in under a second, without a restart, until it is lifted', async (_, target) => {
      const instances = [start(), start(), start(), start()];
      const passes = async (instance: Instance) => (await wipe(instance)).response.result !== undefined;
      const { id } = await instances[0]!.desk.request(bob, { server, tool: 'wipe', purpose: 'load', uses: 20 });
      await instances[0]!.desk.approve(id, erin);
      for (const instance of instances) expect(await passes(instance)).toBe(true);
      await instances[0]!.desk.mark(target(), 'block', carol, 'incident');
      const blockedAt = Date.now();
      const late: number[] = [];
      while (Date.now() - blockedAt < 1_000) {
        for (const instance of instances) if (await passes(instance)) late.push(Date.now() - blockedAt);
      }
      expect(Math.max(0, ...late)).toBeLessThan(1_000);
      for (const instance of instances) {
        const { status, response } = await wipe(instance);
        expect(response.error).toMatchObject({ code: GatewayErrorCode.ACCESS_DENIED, message: expect.stringContaining('blocked') });
        expect(status).toBe(target().kind === 'tool' ? 200 : 403);
        expect(instance.harness.events.at(-1)).toMatchObject({ decision: 'deny', reason: 'blocked' });
      }
      await instances[3]!.desk.mark(target(), 'unblock', carol, 'cleared');
    }, 30_000);

    test('JIT-4 revoking a grant holds for the very next call in every instance', async () => {
      const instances = [start(), start()];
      const { id } = await instances[0]!.desk.request(bob, { server, tool: 'wipe', purpose: 'load', uses: 20 });
      await instances[0]!.desk.approve(id, erin);
      expect((await wipe(instances[1]!)).response.result).toBeDefined();
      await instances[0]!.desk.revoke(id, carol, 'incident');
      expect((await wipe(instances[1]!)).response.error).toBeDefined();
      expect(received()).toHaveLength(1);
    });
  });

  describe('a call under a grant that fails', () => {
    const uses = async (instance: Instance, id: string) => {
      const grant = await instance.desk.find(id, bob);
      return 'uses' in grant ? grant.uses.length : 0;
    };
    const granted = async (instance: Instance) => {
      await wipe(instance);
      const { id } = await waiting(instance);
      await instance.desk.approve(id, erin);
      return id;
    };

    test('gives the use back where the server never received the call', async () => {
      const instance = start();
      const id = await granted(instance);
      await upstream.close();
      expect((await wipe(instance)).response.error.code).toBe(GatewayErrorCode.UPSTREAM_FAILED);
      expect(await uses(instance, id)).toBe(0);
      expect(events.map((event) => event.action)).toContain('released');
    });

    test('gives the use back where there are no credentials for the server', async () => {
      let available = true;
      const credentials: UpstreamCredentials = {
        owner: 'gateway',
        headersFor: async () => {
          if (available) return {};
          throw new CredentialUnavailable('the secret cannot be read');
        },
        refused: () => undefined,
      };
      const instance = start({ credentials });
      const id = await granted(instance);
      available = false;
      expect((await wipe(instance)).response.error.code).toBe(GatewayErrorCode.UPSTREAM_FAILED);
      expect(await uses(instance, id)).toBe(0);
      expect(received()).toHaveLength(0);
    });

    test.each([
      ['answers with an error', () => ({ error: { code: -32603, message: 'no' } })],
      ['breaks off', (_: unknown, response: any) => void response.destroy()],
      ['answers with HTTP 500', (_: unknown, response: any) => void response.writeHead(500).end()],
    ])('does not where the server %s', async (_, respond) => {
      const instance = start();
      const id = await granted(instance);
      answerCalls(respond as Respond);
      await wipe(instance);
      expect(await uses(instance, id)).toBe(1);
    });
  });
});
