import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { balance } from '../../bench/resilience/ledger';
import type { CallRecord, Kind, Outcome } from '../../bench/resilience/load';
import { slopePer10k } from '../../bench/resilience/memory';
import { recoveryOf } from '../../bench/resilience/results';

const call = (trace: string, kind: Kind, outcome: Outcome, began = 0, ended = 1): CallRecord => ({ trace, kind, outcome, began, ended });
const event = (traceId: string, decision: string, more: object = {}) => `${JSON.stringify({ kind: 'audit', traceId, decision, ...more })}\n`;

describe('the ledger of bench:resilience', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'ledger-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function ledgerOf(calls: readonly CallRecord[], log: string, reached: readonly string[], kills: readonly number[] = []) {
    const [logFile, upstream] = [join(folder, 'log'), join(folder, 'calls')];
    writeFileSync(logFile, log);
    writeFileSync(upstream, reached.map((trace) => `${trace} echo plain\n`).join(''));
    return balance({ calls, logs: [logFile], upstream, kills });
  }

  test('finds nothing where there is nothing to find', () => {
    const calls = [call('a', 'plain', 'served'), call('b', 'forbidden', 'denied'), call('c', 'plain', 'unavailable'), call('d', 'plain', 'lost')];
    const log = event('a', 'allow') + event('b', 'deny') + event('c', 'error', { reason: 'upstream_timeout' }) + event('d', 'deny', { notes: ['withdrawn_in_flight'] }) + '{"kind":"audit","lost":1}\n';
    expect(ledgerOf(calls, log, ['a', 'c', 'd'])).toEqual({ undecided: [], cutOff: 0, repeated: [], unrecorded: [], doubled: [], torn: 0, events: 4, reached: 3 });
  });

  test('CV-1 finds a call that reached the server without a decision, and one that no policy allows', () => {
    const calls = [call('a', 'plain', 'lost'), call('b', 'forbidden', 'served'), call('c', 'plain', 'denied')];
    expect(ledgerOf(calls, event('b', 'allow') + event('c', 'deny'), ['a', 'b', 'c', 'nobodys']).undecided).toEqual(['a', 'b', 'c', 'nobodys']);
  });

  test('a call that a killed gateway had taken is told apart from one that nothing explains', () => {
    const calls = [call('a', 'plain', 'lost', 10, 20), call('b', 'plain', 'lost', 30, 40)];
    expect(ledgerOf(calls, '', ['a', 'b'], [15])).toMatchObject({ undecided: ['b'], cutOff: 1 });
  });

  test('LOG-1 finds answers without an event, events twice, calls served twice and torn lines', () => {
    const calls = [call('a', 'plain', 'served'), call('b', 'plain', 'served'), call('c', 'plain', 'unrecorded')];
    expect(ledgerOf(calls, `${event('a', 'allow')}${event('a', 'allow')}{"kind":"au\n`, ['a', 'a'])).toMatchObject({ unrecorded: ['b'], doubled: ['a'], repeated: ['a'], torn: 1 });
  });
});

test('a fault is over when calls that begin later are answered as they should be', () => {
  const phase = { name: 'p', began: 0, over: 100, until: 1_000, answersOfHealth: 0, load: 0 };
  const calls = [call('a', 'plain', 'lost', 50, 300), call('b', 'plain', 'lost', 150, 160), call('c', 'forbidden', 'denied', 400, 410), call('d', 'plain', 'unavailable', 250, 260), call('e', 'plain', 'lost', 990, 1_100)];
  expect(recoveryOf(phase, calls)).toBe(150);
});

test('growth is told for 10,000 calls', () => {
  const sample = (calls: number, heapMiB: number) => ({ replica: 0, calls, heapMiB, rssMiB: 0, handles: 0 });
  expect(slopePer10k([sample(0, 50), sample(5_000, 51), sample(10_000, 52)], ({ heapMiB }) => heapMiB)).toBeCloseTo(2);
  expect(slopePer10k([sample(0, 50)], ({ heapMiB }) => heapMiB)).toBe(0);
});
