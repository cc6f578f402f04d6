import { RecentTokens } from '../../lambda/identity/recent-tokens';
import { authenticatorFor, expectRefusal, signer } from './authenticator-stand';
import { requestWith } from './tokens';

const found = (believedUntil: number) => ({ believedUntil });

it('IAM-3 what was found out about a token counts for its resource alone, and for as long as it is believed', () => {
  let now = 1_000;
  const recent = new RecentTokens(10, () => now);
  recent.remember('https://a', 'Bearer x', found(2_000));
  recent.remember('https://a', 'Bearer old', found(1_000));
  expect(recent.get('https://a', 'Bearer x')).toEqual(found(2_000));
  expect([recent.get('https://b', 'Bearer x'), recent.get('https://a', 'bearer x'), recent.get('https://a', null), recent.get('https://a', 'Bearer old')]).toEqual([undefined, undefined, undefined, undefined]);
  now = 2_000;
  expect(recent.get('https://a', 'Bearer x')).toBeUndefined();
});

it('IAM-3 a token is not kept in memory for longer than it is believed, whether or not somebody asks', () => {
  jest.useFakeTimers();
  try {
    const recent = new RecentTokens(10, Date.now);
    recent.remember('https://a', 'Bearer x', found(Date.now() + 60_000));
    const [known] = [...(recent as unknown as { byResource: Map<string, ReadonlyMap<string, unknown>> }).byResource.values()];
    expect(known?.size).toBe(1);
    jest.advanceTimersByTime(60_100);
    expect(known?.size).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

it('IAM-3 a known token is refused where it stands in the query too', async () => {
  const authenticator = authenticatorFor();
  const token = await signer.sign();
  const header = `Bearer ${token}`;
  expect(await authenticator.authenticate(requestWith(header))).toMatchObject({ ok: true });
  const { url } = requestWith(header);
  expectRefusal(await authenticator.authenticate(requestWith(header, { url: `${url}?access_token=${token}` })), 400, 'token_in_query');
});
