import type { Grant } from '../../lambda/grants';
import { GatewayErrorCode } from '../../lambda/protocol';
import { connect } from '../gateway/eras/clients';
import { erin } from './fixtures';
import { answerCalls, type Instance, received, server, start, URL_CLIENT, waiting, wipe } from './gateway-stand';

describe('a gateway with grants', () => {
  describe('a client of the modern era', () => {
    const ask = async (instance: Instance) => {
      const { response } = await wipe(instance, { table: 'x' }, {}, URL_CLIENT);
      expect(response.result.resultType).toBe('input_required');
      const [[key, question]] = Object.entries(response.result.inputRequests) as [[string, any]];
      return { state: response.result.requestState as string, key, question };
    };
    const retry = (instance: Instance, { state, key }: { state: string; key: string }, action = 'accept', args: object = { table: 'x' }, principal = 'bob') =>
      wipe(instance, args, { requestState: state, inputResponses: { [key]: { action } } }, URL_CLIENT, principal);

    test('JIT-5 is asked to open the page, and its retry uses the grant', async () => {
      const instance = start();
      const asked = await ask(instance);
      const grant = await waiting(instance);
      expect(asked.question).toMatchObject({ method: 'elicitation/create', params: { mode: 'url', url: `https://gateway.example/approvals/${grant.id}` } });
      expect((await retry(instance, asked)).response.result.resultType).toBe('input_required');
      await instance.desk.approve(grant.id, erin);
      const { response } = await retry(instance, asked);
      expect(response.result.content[0].text).toBe('{"table":"x"}');
      // What the gateway asked for does not reach the server.
      expect(Object.keys(received()[0]!.message.params).sort()).toEqual(['_meta', 'arguments', 'name']);
    });

    test('waits for the decision instead of coming back at once', async () => {
      const instance = start({ waitMs: 5_000 });
      const asked = await ask(instance);
      const retried = retry(instance, asked);
      await instance.desk.approve((await waiting(instance)).id, erin);
      expect((await retried).response.result.content).toBeDefined();
    });

    test('the official client drives it from the question to the result', async () => {
      const instance = start({ waitMs: 5_000 });
      const client = await connect('v2 (modern)', instance.harness, server, 'bob');
      try {
        const called = client.call('wipe', { table: 'x' });
        let grant: Grant | undefined;
        while (grant === undefined) grant = await waiting(instance);
        await instance.desk.approve(grant.id, erin);
        expect((await called).content[0].text).toBe('{"table":"x"}');
        expect(client.asked.map(({ params }) => params.url)).toEqual([`https://gateway.example/approvals/${grant.id}`]);
      } finally {
        await client.close();
      }
    });

    test('is refused for good when the request is denied or declined', async () => {
      const instance = start();
      const declined = await ask(instance);
      expect((await retry(instance, declined, 'decline')).response.error.data).toMatchObject({ reason: 'grant_required', state: 'requested' });
      await instance.desk.deny((await waiting(instance)).id, erin, 'no');
      expect((await retry(instance, declined)).response.error.data).toMatchObject({ reason: 'grant_required', state: 'denied' });
    });

    test('MUL-6 cannot bring the state of another principal', async () => {
      const instance = start();
      const asked = await ask(instance);
      await instance.desk.approve((await waiting(instance)).id, erin);
      expect((await retry(instance, asked, 'accept', { table: 'x' }, 'mallory')).response.error.code).toBe(-32602);
      expect(received()).toHaveLength(0);
    });

    test('cannot change its arguments after the approval', async () => {
      const instance = start();
      const asked = await ask(instance);
      await instance.desk.approve((await waiting(instance)).id, erin);
      expect((await retry(instance, asked, 'accept', { table: 'everything' })).response.error).toBeDefined();
      expect(received()).toHaveLength(0);
    });

    test('a call that its server answers with a question goes on under the same single use, with the same arguments alone', async () => {
      const instance = start();
      let rounds = 0;
      answerCalls(({ message }) => {
        rounds += 1;
        if (rounds === 1) return { result: { resultType: 'input_required', requestState: 'upstream-state', inputRequests: { sure: { method: 'elicitation/create', params: { mode: 'url', message: 'Sure?', url: 'https://example.com/' } } } } };
        return { result: { resultType: 'complete', content: [{ type: 'text', text: `${message.params.requestState} ${message.params.inputResponses.sure.action}` }] } };
      });
      const asked = await ask(instance);
      await instance.desk.approve((await waiting(instance)).id, erin);
      const { response } = await retry(instance, asked);
      expect(response.result).toMatchObject({ resultType: 'input_required', inputRequests: { sure: {} } });
      const goOn = (args: object, principal = 'bob') => wipe(instance, args, { requestState: response.result.requestState, inputResponses: { sure: { action: 'accept' } } }, URL_CLIENT, principal);
      expect((await goOn({ table: 'y' })).response.error.data.reason).toBe('not_permitted');
      expect((await goOn({ table: 'x' }, 'mallory')).response.error.code).toBe(-32602);
      expect((await goOn({ table: 'x' })).response.result.content[0].text).toBe('upstream-state accept');
      expect((await goOn({ table: 'x' })).response.error).toBeDefined();
      expect(rounds).toBe(2);
    });
  });

  describe('a client of the legacy era', () => {
    test('gets the error that asks for a URL elicitation where it can open one', async () => {
      const instance = start();
      const client = await connect('v1 (legacy)', instance.harness, server, 'bob');
      try {
        const error: any = await client.call('wipe', { table: 'x' }).catch((reason: unknown) => reason);
        const grant = await waiting(instance);
        expect(error).toMatchObject({ code: -32042, data: { elicitations: [{ mode: 'url', elicitationId: grant.id, url: `https://gateway.example/approvals/${grant.id}` }] } });
        await instance.desk.approve(grant.id, erin);
        expect((await client.call('wipe', { table: 'x' })).content[0].text).toBe('{"table":"x"}');
      } finally {
        await client.close();
      }
    });

    test('gets an error that says how to ask where it cannot', async () => {
      const instance = start();
      const client = await connect('v1 (legacy)', instance.harness, server, 'bob', {});
      try {
        const error: any = await client.call('wipe', { table: 'x' }).catch((reason: unknown) => reason);
        expect(error.code).toBe(GatewayErrorCode.ACCESS_DENIED);
        expect(error.message).toContain('https://gateway.example/approvals/');
      } finally {
        await client.close();
      }
    });
  });
});
