import { randomBytes } from 'node:crypto';
import { createTokenAuthenticator } from '../../lambda/identity';
import { createProver } from '../identity/proofs';
import { createSigner } from '../identity/tokens';
import { modernServer, startUpstream } from './fixtures/upstream';
import { PUBLIC_URL, startHarness } from './harness';

test('RFC 9449 section 9: a client learns the nonce from the 401, uses it, and gets the next one with an answer', async () => {
  let now = Date.now();
  const signer = await createSigner();
  const client = await createProver();
  const upstream = await startUpstream(modernServer());
  const issuer = 'https://login.example.com';
  const harness = startHarness([{ name: 'files', senderConstraint: 'required', upstream: { kind: 'http', url: upstream.url, headers: {} } }], {
    clock: () => now,
    authenticator: createTokenAuthenticator({ issuers: [{ issuer, jwks: signer.jwks }], clock: () => now, dpop: { nonceKey: randomBytes(32), maxProofAgeSeconds: 60 } }),
  });
  const seconds = () => Math.floor(now / 1000);
  const token = await signer.sign({ aud: `${PUBLIC_URL}/mcp/files`, iat: seconds(), exp: seconds() + 3600, cnf: { jkt: client.thumbprint } });
  const list = async (nonce?: string | null) => {
    const dpop = await client.prove(token, { htu: `${PUBLIC_URL}/mcp/files`, iat: seconds(), nonce: nonce ?? undefined });
    const { status, headers } = await harness.modern('files', 'tools/list', {}, { headers: { authorization: `DPoP ${token}`, dpop } });
    return { status, challenge: headers.get('www-authenticate'), nonce: headers.get('dpop-nonce') };
  };
  const first = await list();
  expect(first).toMatchObject({ status: 401, challenge: expect.stringMatching(/^DPoP error="use_dpop_nonce"/), nonce: expect.any(String) });
  expect(await list(first.nonce)).toMatchObject({ status: 200, nonce: null });
  now += 40_000;
  const renewed = await list(first.nonce);
  expect(renewed).toMatchObject({ status: 200, nonce: expect.any(String) });
  now += 40_000;
  expect(await list(first.nonce)).toMatchObject({ status: 401 });
  expect(await list(renewed.nonce)).toMatchObject({ status: 200 });
  expect(harness.events.filter(({ reason }) => reason === 'nonce_required')).toHaveLength(2);
  await harness.close();
  await upstream.close();
});
