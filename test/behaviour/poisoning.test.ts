import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Familiar } from '../../lambda/behaviour/familiar';
import type { JsonObject } from '../../lambda/protocol';
import { alice, DAY, HOUR, keyOf, MINUTE, Stand } from './stand';

/** `count` calls, one every `everyMs`, and then the next morning. */
function day(stand: Stand, count: number, everyMs: number, bytes = 2_000): void {
  const morning = stand.now;
  for (let call = 0; call < count; call++) {
    stand.now += everyMs;
    stand.call('read', { path: `notes/${call}.md` }, { responseBytes: bytes + (call % 7) * 100 });
  }
  stand.now = morning + DAY;
}

/** Each day half as much again as the day before, until a signal is told; answers how many times as much as on the first day it was then. */
function growUntil(stand: Stand, signal: string, step: (factor: number) => void): number {
  for (let factor = 1; factor < 1_000; factor *= 1.5) {
    step(factor);
    if (stand.kinds.includes(signal)) return factor;
  }
  return Infinity;
}

describe('slow poisoning of what is usual', () => {
  test('CV-2 answers: who raises their size step by step is found before it is far', () => {
    const stand = new Stand();
    stand.work(300);
    expect(growUntil(stand, 'size', (factor) => day(stand, 40, 10 * MINUTE, Math.round(2_000 * factor)))).toBeLessThan(64);
  });

  test('CV-2 answers: a quiet year is no room for more', () => {
    const stand = new Stand();
    stand.work(300);
    stand.now += 365 * DAY;
    expect(growUntil(stand, 'size', (factor) => day(stand, 40, 10 * MINUTE, Math.round(2_000 * factor)))).toBeLessThan(64);
  });

  test('CV-2 rate: who calls half as often again each day is found before it is sixteen times as often', () => {
    const stand = new Stand();
    for (let i = 0; i < 5; i++) day(stand, 100, 20_000);
    expect(stand.kinds).toEqual([]);
    expect(growUntil(stand, 'rate', (factor) => day(stand, 100, 20_000 / factor))).toBeLessThan(16);
  });

  test('CV-2 volume: who moves half as much again each day, in answers as small as ever, is found before it is eight times as much', () => {
    const stand = new Stand();
    for (let i = 0; i < 5; i++) day(stand, 100, 4 * MINUTE);
    expect(stand.kinds).toEqual([]);
    expect(growUntil(stand, 'volume', (factor) => day(stand, Math.round(100 * factor), (4 * MINUTE) / factor))).toBeLessThan(8);
    expect(stand.kinds).not.toContain('size');
  });

  test('CV-2 sequence: one burst does not make tools familiar that never followed each other', () => {
    const stand = new Stand();
    stand.work(100);
    const step = () => {
      stand.call('read', { path: 'notes/1.md' });
      return stand.call('export', {});
    };
    for (let i = 0; i < 10; i++) step();
    stand.now += 29 * MINUTE;
    const before = stand.riskOf('alice');
    expect(step()).toBeGreaterThan(before);
    stand.now += DAY;
    expect(step()).toBe(0);
  });

  test('CV-2 destination: one burst does not make it familiar, a habit of more than half an hour does', () => {
    const stand = new Stand();
    stand.work(100);
    const send = () => stand.call('read', { path: 'https://drop.example/' });
    for (let i = 0; i < 10; i++) send();
    stand.now += 29 * MINUTE;
    const before = stand.riskOf('alice');
    expect(send()).toBeGreaterThan(before);
    stand.now += DAY;
    expect(send()).toBe(0);
  });

  test('CV-2 form of arguments: three times within minutes do not make it familiar, over more than half an hour they do', () => {
    const stand = new Stand();
    stand.work(100);
    const odd = () => {
      const risk = stand.call('search', { query: 'a', raw: { $where: ['1'] } });
      stand.call('search', { query: 'a topic' });
      return risk;
    };
    for (let i = 0; i < 5; i++) odd();
    stand.now += 25 * MINUTE;
    expect(odd()).toBeGreaterThanOrEqual(10);
    stand.now += 2 * HOUR;
    expect(odd()).toBe(0);
  });

  test.each<[string, (i: number) => readonly [string, JsonObject], readonly [string, JsonObject]]>([
    ['destinations', (i) => ['send', { url: `https://flood-${i}.example/` }], ['send', { url: 'https://mail.example.com/' }]],
    ['forms of arguments', (i) => ['send', { [`member${i}`]: 1 }], ['send', { url: 'https://mail.example.com/' }]],
    ['sequences', (i) => [`tool-${i}`, {}], ['send', { url: 'https://mail.example.com/' }]],
  ])('TB-1 habits are not forgotten by filling the memory with new %s', (_, flood, habit) => {
    const stand = new Stand();
    for (let i = 0; i < 100; i++) {
      stand.now += MINUTE;
      stand.call(...habit);
    }
    for (let i = 0; i < 1_000; i++) stand.call(...flood(i));
    stand.now += DAY;
    stand.call(...habit);
    stand.now += DAY;
    expect(stand.call(...habit)).toBe(0);
  });
});

describe('what is met before', () => {
  const MOST = 8;
  const meetAll = (familiar: Familiar<string>, names: readonly string[], at: number) => names.map((name) => familiar.meet(name, at, 2, MOST));

  test('TB-1 is so many things and no more: of those that are not familiar, the first is forgotten', () => {
    const kept = new Familiar<string>();
    const forgotten = new Familiar<string>();
    for (const familiar of [kept, forgotten]) meetAll(familiar, ['habit', 'habit', 'new', 'new'], 0);
    const others = Array.from({ length: MOST }, (_, index) => `other-${index}`);
    meetAll(kept, others.slice(0, MOST - 2), 1);
    meetAll(forgotten, others, 1);
    expect(meetAll(kept, ['new', 'new', 'habit'], HOUR)).toEqual([true, false, false]);
    expect(meetAll(forgotten, ['new', 'new', 'habit'], HOUR)).toEqual([true, true, false]);
  });
});

describe('memory', () => {
  test('TB-1 the principal that was seen the longest ago is forgotten first', () => {
    const stand = new Stand({ maxPrincipals: 10 });
    stand.call('read', {}, { notes: ['guard:out secret/x blocked'] });
    for (let i = 0; i < 9; i++) stand.call('read', {}, {}, { ...alice, id: `p${i}` });
    expect(stand.monitor.riskOf(keyOf(alice), stand.now)).toBe(40);
    for (let i = 0; i < 10; i++) stand.call('read', {}, {}, { ...alice, id: `p${i}` });
    expect(stand.monitor.riskOf(keyOf(alice), stand.now)).toBe(0);
  });

  test('TB-1 is bounded, whatever is called by whomever from wherever', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const stand = new Stand({ maxPrincipals: 10 });
    let calls = 0;
    const fill = (count: number) => {
      for (let i = 0; i < count; i++, calls++) {
        const id = `p${calls % 40 === 0 ? calls : calls % 7}`;
        stand.now += 1_000;
        stand.call(`t${calls}`, { [`k${calls}`]: 'x'.repeat(calls % 300), u: `https://h${calls}.example` }, {}, { ...alice, id });
        stand.call('same', { [`k${calls}`]: 1, u: `https://h${calls}.example` }, {}, { ...alice, id });
        stand.event({ principal: undefined, decision: 'deny', reason: 'token_invalid', httpStatus: 401, sourceIp: `2001:db8::${calls.toString(16)}` });
      }
      stand.detections.length = 0;
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = fill(3_000);
    expect(fill(10_000) - before).toBeLessThan(1_000_000);
  });
});
