import { createTokenAuthenticator } from '../../lambda/identity';
import type { Authenticator } from '../../lambda/identity';
import { createSigner, ISSUER, NOW, requestWith } from './tokens';
import type { Signer } from './tokens';

let fetches: number;
let answer: () => Response | Promise<Response>;
let authenticator: Authenticator;
let first: Signer;

beforeAll(async () => {
  first = await createSigner('first');
});

beforeEach(() => {
  jest.useFakeTimers({ now: NOW * 1000, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  fetches = 0;
  answer = () => Response.json(first.jwks);
  authenticator = createTokenAuthenticator({
    issuers: [{ issuer: ISSUER, jwks: new URL('https://login.example.com/jwks.json') }],
    outbound: async () => {
      fetches += 1;
      const response = await answer();
      return { status: response.status, headers: {}, body: await response.text() };
    },
  });
});
afterEach(() => jest.useRealTimers());

const pass = (seconds: number) => jest.setSystemTime(Date.now() + seconds * 1000);
const tokenOf = (signer: Signer, sub = 'alice') => signer.sign({ sub, exp: NOW + 7200 });

async function outcome(token: string): Promise<string> {
  const result = await authenticator.authenticate(requestWith(`Bearer ${token}`));
  return result.ok ? 'ok' : `${result.status} ${result.reason}`;
}

describe('keys of an issuer', () => {
  it('are fetched once for many tokens', async () => {
    for (const sub of ['a', 'b', 'c']) expect(await outcome(await tokenOf(first, sub))).toBe('ok');
    expect(fetches).toBe(1);
  });

  it('IAM-5 follow a rotation without a restart', async () => {
    expect(await outcome(await tokenOf(first))).toBe('ok');
    const second = await createSigner('second');
    answer = () => Response.json({ keys: [...first.jwks.keys, ...second.jwks.keys] });
    pass(31);
    expect(await outcome(await tokenOf(second))).toBe('ok');
    expect(await outcome(await tokenOf(first))).toBe('ok');
    expect(fetches).toBe(2);
  });

  it('IAM-5 stop working soon after the issuer withdrew them', async () => {
    const token = await tokenOf(first);
    expect(await outcome(token)).toBe('ok');
    const second = await createSigner('second');
    answer = () => Response.json(second.jwks);
    pass(661);
    expect(await outcome(token)).toBe('401 unknown_key');
  });

  it('are not fetched again for every token with an unknown key', async () => {
    expect(await outcome(await tokenOf(first))).toBe('ok');
    for (let i = 0; i < 20; i++) {
      const stranger = await createSigner(`stranger-${i}`);
      expect(await outcome(await tokenOf(stranger))).toBe('401 unknown_key');
    }
    expect(fetches).toBe(1);
  });

  it.each<[string, () => Response | Promise<Response>]>([
    ['fails', () => Promise.reject(new Error('connection refused'))],
    ['answers 500', () => new Response('oops', { status: 500 })],
    ['redirects', () => new Response(null, { status: 302, headers: { location: 'https://evil.example.com/' } })],
    ['answers HTML', () => new Response('<html>')],
    ['answers no key set', () => Response.json({ hello: 'world' })],
    ['answers without end', () => new Response('x'.repeat(600_000))],
  ])('that %s leave the token undecided: 503', async (_case, bad) => {
    answer = bad;
    expect(await outcome(await tokenOf(first))).toBe('503 keys_unavailable');
  });

  it('are asked for sparingly while the issuer fails, and work as soon as it is back', async () => {
    answer = () => new Response('', { status: 503 });
    const token = await tokenOf(first);
    for (let i = 0; i < 10; i++) expect(await outcome(token)).toBe('503 keys_unavailable');
    expect(fetches).toBe(1);
    answer = () => Response.json(first.jwks);
    pass(6);
    expect(await outcome(token)).toBe('ok');
  });
});
