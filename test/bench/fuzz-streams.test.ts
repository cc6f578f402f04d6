import { randomUUID } from 'node:crypto';
import type { Arrival } from '../../bench/fuzz/fake-servers';
import { checkArrivals } from '../../bench/fuzz/invariants';
import type { Allowed, Observed } from '../../bench/fuzz/subject';
import type { JsonRpcMessage } from '../../lambda/protocol';

const call: JsonRpcMessage = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask', arguments: {} } };
const initialize = (id: string): JsonRpcMessage => ({ jsonrpc: '2.0', id, method: 'initialize', params: {} });

/** A gateway that one request was handed, of a principal that may connect, and call the tool `ask`. */
function observe(principal: string, { listens, lastEventId }: { readonly listens?: boolean; readonly lastEventId?: string } = {}): Observed {
  const allow = (operation: Allowed['operation']): Allowed => ({ principal, server: 'legacy', operation, argumentsJson: '{}', uses: 0, streams: new Set() });
  return {
    calls: 1,
    events: [],
    allowed: [allow({ kind: 'connect' }), allow({ kind: 'callTool', tool: { name: 'ask', inputSchema: { type: 'object' } }, arguments: {} })],
    arrivals: [],
    listenings: listens === true ? [{ server: 'legacy', lastEventId, uses: 0 }] : [],
    sessions: new Map([
      ['legacy of-alice', { principals: new Set(['alice']), isGateways: false }],
      ['legacy kept-for-alice', { principals: new Set(['alice']), isGateways: true }],
    ]),
    faults: [],
  };
}

function arrive(observed: Observed, httpMethod: string, session: string, { message, lastEventId, said, opened }: { message?: JsonRpcMessage; lastEventId?: string; said?: string[]; opened?: string } = {}): Arrival {
  const headers = { 'mcp-session-id': session, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }), traceparent: randomUUID() };
  const arrival = { server: 'legacy', httpMethod, headers, text: message === undefined ? '' : JSON.stringify(message), refused: false, said, opened };
  observed.arrivals.push(arrival);
  return arrival;
}

const streamOf = (principal: string, session: string, options: { listens?: boolean; asked?: string; lastEventId?: string; times?: number; call?: string[]; callIn?: string } = {}) => () => {
  const observed = observe(principal, { listens: options.listens, lastEventId: options.asked });
  if (options.call !== undefined) arrive(observed, 'POST', options.callIn ?? session, { message: call, said: options.call });
  for (let time = 0; time < (options.times ?? 1); time += 1) arrive(observed, 'GET', session, { lastEventId: options.lastEventId });
  checkArrivals(observed);
};

describe('the fuzz knows which streams of a server the gateway may open', () => {
  test.each([
    ['the one that a client asked for', streamOf('alice', 'of-alice', { listens: true })],
    ['the rest that a client asked for', streamOf('alice', 'of-alice', { listens: true, asked: '7', lastEventId: '7' })],
    ['one beside a call', streamOf('alice', 'kept-for-alice')],
    ['the rest of an answer', streamOf('alice', 'kept-for-alice', { call: ['id: 7\r\ndata: \n\n'], lastEventId: '7' })],
  ])('%s', (_, check) => expect(check).not.toThrow());

  test.each([
    ["in somebody else's session", streamOf('bob', 'of-alice', { listens: true }), 'nothing was decided'],
    ["in somebody else's session of the gateway's own", streamOf('bob', 'kept-for-alice'), 'nothing was decided'],
    ['in a session that nobody opened', streamOf('alice', 'made-up'), 'nothing was decided'],
    ['that no client asked for', streamOf('alice', 'of-alice'), 'no client asked for'],
    ['from another place than the client asked for', streamOf('alice', 'of-alice', { listens: true, asked: '7', lastEventId: '8' }), 'no client asked for'],
    ['twice, where one was asked for', streamOf('alice', 'of-alice', { listens: true, times: 2 }), 'no client asked for'],
    ['twice for one request', streamOf('alice', 'kept-for-alice', { times: 2 }), 'more streams than decisions'],
    ['for the rest of what the server has not begun', streamOf('alice', 'kept-for-alice', { call: ['id: 7\n\n'], lastEventId: '8' }), 'has not begun'],
    ['for the rest of what it began in another session', streamOf('alice', 'kept-for-alice', { call: ['id: 7\n\n'], callIn: 'of-alice', lastEventId: '7' }), 'has not begun'],
  ])('not one %s', (_, check, problem) => expect(check).toThrow(problem));

  test('a session is for whom it was opened, and a message in it for nobody else', () => {
    const observed = observe('bob');
    const opening = arrive(observed, 'POST', '', { message: initialize('mzt-initialize'), opened: 'kept-for-bob' });
    delete (opening.headers as Record<string, unknown>)['mcp-session-id'];
    arrive(observed, 'POST', 'kept-for-bob', { message: call });
    expect(() => checkArrivals(observed)).not.toThrow();
    const other = observe('bob');
    arrive(other, 'POST', 'of-alice', { message: call });
    expect(() => checkArrivals(other)).toThrow('no decision allowed it');
  });
});
