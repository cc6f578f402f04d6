import fc from 'fast-check';
import { createRateLimiter, DEFAULT_RATE_LIMITS } from '../../lambda/limits';
import type { RateLimiterOptions, RateLimitKeys } from '../../lambda/limits';

let now: number;
beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
});

function limiterWith(limits: Partial<RateLimiterOptions>) {
  return createRateLimiter({ perAddress: undefined, perPrincipal: undefined, perEndpoint: undefined, clock: () => now, ...limits });
}

function allowedOf(limiter: ReturnType<typeof limiterWith>, keys: RateLimitKeys, times: number): number {
  let allowed = 0;
  for (let i = 0; i < times; i++) if (limiter.take(keys).allowed) allowed += 1;
  return allowed;
}

const address = (value: string | undefined): RateLimitKeys => ({ address: value });
const call = (principal: string, endpoint = 'files'): RateLimitKeys => ({ principal, endpoint });

/** Whether two addresses share a limit. */
function share(a: string | undefined, b: string | undefined): boolean {
  const limiter = limiterWith({ perAddress: { points: 1, seconds: 60 } });
  limiter.take(address(a));
  return !limiter.take(address(b)).allowed;
}

describe('GW-3 rate limits', () => {
  it('GW-3 an address has its points at once and gets them back evenly', () => {
    const limiter = limiterWith({ perAddress: { points: 3, seconds: 30 } });
    expect(allowedOf(limiter, address('192.0.2.1'), 10)).toBe(3);
    expect(limiter.take(address('192.0.2.1'))).toEqual({ allowed: false, limit: 'address', retryAfterSeconds: 10 });
    now += 9_500;
    expect(limiter.take(address('192.0.2.1'))).toEqual({ allowed: false, limit: 'address', retryAfterSeconds: 1 });
    now += 500;
    expect(allowedOf(limiter, address('192.0.2.1'), 10)).toBe(1);
    now += 3_600_000;
    expect(allowedOf(limiter, address('192.0.2.1'), 10)).toBe(3);
  });

  it('GW-3 a client that waits as long as it is told gets through', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 3600 }), (points, seconds) => {
        const limiter = limiterWith({ perAddress: { points, seconds } });
        allowedOf(limiter, address('192.0.2.1'), points);
        const refused = limiter.take(address('192.0.2.1'));
        if (refused.allowed) throw new Error('expected a refusal');
        now += refused.retryAfterSeconds * 1000;
        expect(limiter.take(address('192.0.2.1')).allowed).toBe(true);
      }),
    );
  });

  it('GW-3 no timing of requests gets more than the points and what was refilled', () => {
    const limit = { points: 5, seconds: 10 };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 20, maxLength: 200 }), (pauses) => {
        const limiter = limiterWith({ perAddress: limit });
        const start = now;
        let allowed = 0;
        for (const pause of pauses) {
          now += pause;
          if (limiter.take(address('192.0.2.1')).allowed) allowed += 1;
          expect(allowed).toBeLessThanOrEqual(limit.points + (now - start) / 2_000);
        }
      }),
    );
  });

  it('GW-3 addresses, principals and endpoints each have their own limit', () => {
    const limiter = limiterWith({
      perAddress: { points: 4, seconds: 60 },
      perPrincipal: { points: 2, seconds: 60 },
      perEndpoint: { points: 3, seconds: 60 },
    });
    expect(allowedOf(limiter, call('alice'), 5)).toBe(2);
    expect(limiter.take(call('alice'))).toMatchObject({ limit: 'principal' });
    expect(allowedOf(limiter, call('bob'), 5)).toBe(1);
    expect(limiter.take(call('bob'))).toMatchObject({ limit: 'endpoint' });
    expect(limiter.take(call('bob', 'memory')).allowed).toBe(true);
    expect(allowedOf(limiter, address('192.0.2.1'), 5)).toBe(4);
    expect(limiter.take(address('192.0.2.2')).allowed).toBe(true);
  });

  it('GW-3 a flood that is not authenticated uses up no endpoint', () => {
    const limiter = limiterWith({ perAddress: { points: 5, seconds: 60 }, perEndpoint: { points: 5, seconds: 60 } });
    for (let i = 0; i < 100; i++) limiter.take(address(`192.0.2.${i}`));
    expect(limiter.take(call('alice')).allowed).toBe(true);
  });

  it('GW-3 a request refused for its endpoint costs its principal nothing', () => {
    const limiter = limiterWith({ perPrincipal: { points: 3, seconds: 60 }, perEndpoint: { points: 1, seconds: 60 } });
    limiter.take(call('alice'));
    expect(allowedOf(limiter, call('alice'), 10)).toBe(0);
    expect(allowedOf(limiter, call('alice', 'memory'), 1)).toBe(1);
    expect(allowedOf(limiter, call('alice', 'other'), 1)).toBe(1);
  });

  it('GW-3 a limit that is not set does not limit', () => {
    const limiter = limiterWith({});
    expect(allowedOf(limiter, address('192.0.2.1'), 1000)).toBe(1000);
    expect(allowedOf(limiter, call('alice'), 1000)).toBe(1000);
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['2001:db8:1:2::1', '2001:0DB8:0001:0002:0:0:0:9'],
    ['2001:db8::1', '2001:db8:0:0:1::'],
    ['fe80::1%eth0', 'fe80::2'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['1::', '1:0:0:0:ffff::'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    [undefined, 'not an address'],
    ['192.0.2.1:443', '192.0.2.256'],
  ])('GW-3 %s and %s share a limit', (a, b) => {
    expect(share(a, b)).toBe(true);
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2'],
    ['1:2:3:4:5:6:7::', '1:2:3::5:6:7:8'],
    ['192.0.2.1', undefined],
    ['::1', '127.0.0.1'],
  ])('GW-3 %s and %s do not', (a, b) => {
    expect(share(a, b)).toBe(false);
  });

  it('GW-3 all spellings of an IPv6 address share a limit', () => {
    const spellings = (groups: number[]) => {
      const hex = groups.map((group) => group.toString(16));
      const plain = hex.join(':');
      const padded = hex.map((group) => group.padStart(4, '0').toUpperCase()).join(':');
      return [plain, padded, new URL(`http://[${plain}]`).hostname.slice(1, -1), `${plain}%eth0`];
    };
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const [first, ...others] = spellings(groups);
        for (const other of others) expect(share(first, other)).toBe(true);
        expect(share(first, undefined)).toBe(false);
      }),
    );
  });

  it.each(['1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', '12345::', 'g::', ':', '1:2:3:4:5:6:7:8::', '::ffff:1.2.3', '::1.2.3.4', '', ' '])(
    'GW-3 %p is no address, and those share one limit',
    (text) => {
      expect(share(text, undefined)).toBe(true);
    },
  );

  it('GW-3 a flood of other addresses does not free an address from its limit', () => {
    const limiter = limiterWith({ perAddress: { points: 2, seconds: 60 }, maxKeys: 100 });
    expect(allowedOf(limiter, address('192.0.2.1'), 5)).toBe(2);
    for (let i = 0; i < 20_000; i++) limiter.take(address(`2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`));
    expect(limiter.take(address('192.0.2.1'))).toMatchObject({ allowed: false, limit: 'address' });
  });

  it('GW-3 addresses beyond those that are told apart share limits, so that many get no more than a few', () => {
    const limiter = limiterWith({ perAddress: { points: 2, seconds: 60 }, maxKeys: 100 });
    let allowed = 0;
    for (let i = 0; i < 60_000; i++) {
      if (limiter.take(address(`2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`)).allowed) allowed += 1;
    }
    expect(allowed).toBeLessThanOrEqual(100 * 2 + 4096 * 2);
  });

  it('GW-3 after a flood, new addresses have limits of their own again', () => {
    const limiter = limiterWith({ perAddress: { points: 1, seconds: 10 }, maxKeys: 50 });
    for (let i = 0; i < 60_000; i++) limiter.take(address(`2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`));
    now += 10_001;
    for (let i = 0; i < 50; i++) expect(limiter.take(address(`192.0.2.${i}`)).allowed).toBe(true);
    for (let i = 0; i < 50; i++) expect(limiter.take(address(`192.0.2.${i}`)).allowed).toBe(false);
  });

  it('GW-3 a clock that is set back does not lock anybody out for longer than a window', () => {
    const limiter = limiterWith({ perAddress: { points: 1, seconds: 10 } });
    limiter.take(address('192.0.2.1'));
    now -= 3_600_000;
    expect(limiter.take(address('192.0.2.1'))).toMatchObject({ allowed: false, retryAfterSeconds: 10 });
    now += 10_000;
    expect(limiter.take(address('192.0.2.1')).allowed).toBe(true);
  });

  it.each([{ points: 0, seconds: 1 }, { points: 1.5, seconds: 1 }, { points: 1, seconds: 0 }, { points: -1, seconds: 1 }, { points: 1, seconds: NaN }, { points: Infinity, seconds: 1 }])(
    'GW-3 a limit of %j is an error at the start',
    (limit) => {
      expect(() => limiterWith({ perEndpoint: limit })).toThrow(RangeError);
    },
  );

  it('GW-3 the defaults let a busy agent work', () => {
    const limiter = createRateLimiter({ ...DEFAULT_RATE_LIMITS, clock: () => now });
    for (let second = 0; second < 600; second++) {
      for (let i = 0; i < 10; i++) {
        expect(limiter.take(address('192.0.2.1')).allowed).toBe(true);
        expect(limiter.take(call('alice')).allowed).toBe(true);
      }
      now += 1000;
    }
  });
});
