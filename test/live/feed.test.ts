import type { Detection } from '../../lambda/behaviour';
import { createLiveFeed } from '../../lambda/live';
import { eventWith } from '../audit/events';

const detection: Detection = { kind: 'loop', at: 0, risk: 50, signals: ['loop'], why: 'the same call over and over' };

describe('what happened lately', () => {
  test('is numbered, and bounded: the oldest goes first', () => {
    const feed = createLiveFeed({ size: 3 });
    expect([feed.oldest, feed.newest, feed.at(1)]).toEqual([1, 0, undefined]);
    for (let i = 0; i < 5; i += 1) feed.sink.write(eventWith({ requestId: `${i}` }));
    expect([feed.oldest, feed.newest]).toEqual([3, 5]);
    expect([2, 3, 5, 6].map((number) => feed.at(number))).toMatchObject([undefined, { event: { requestId: '2' } }, { event: { requestId: '4' } }, undefined]);
  });

  test('a flood of requests pushes no alert out', () => {
    const feed = createLiveFeed({ size: 3 });
    feed.add({ kind: 'alert', detection });
    for (let i = 0; i < 100; i += 1) feed.sink.write(eventWith({ decision: i % 2 === 0 ? 'allow' : 'deny' }));
    expect(feed.alerts).toEqual([detection]);
    expect(feed.totals).toEqual({ allow: 50, deny: 50, error: 0, alerts: 1 });
  });

  test('knows the last minute by the second, the oldest first', () => {
    let now = Date.parse('2026-11-22T12:00:00Z');
    const feed = createLiveFeed({ clock: () => now });
    feed.sink.write(eventWith({ decision: 'allow' }));
    now += 2_000;
    feed.sink.write(eventWith({ decision: 'deny' }));
    feed.sink.write(eventWith({ decision: 'allow' }));
    expect(feed.lastMinute().slice(-3)).toEqual([{ served: 1, refused: 0 }, { served: 0, refused: 0 }, { served: 1, refused: 1 }]);
    now += 58_000;
    expect(feed.lastMinute()[0]).toEqual({ served: 0, refused: 0 });
    expect(feed.lastMinute()[1]).toEqual({ served: 1, refused: 1 });
    now += 600_000;
    expect(feed.lastMinute().every(({ served, refused }) => served + refused === 0)).toBe(true);
  });

  test('wakes those who watch, and nobody else', () => {
    const feed = createLiveFeed();
    let woken = 0;
    const stop = feed.watch(() => (woken += 1));
    feed.sink.write(eventWith({ decision: 'allow' }));
    stop();
    feed.sink.write(eventWith({ decision: 'allow' }));
    expect(woken).toBe(1);
  });
});
