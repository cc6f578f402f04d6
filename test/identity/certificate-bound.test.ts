import { createTokenAuthenticator, protectedResourceMetadata } from '../../lambda/identity';
import { createProver } from './proofs';
import { createSigner, ISSUER, NOW, requestWith, RESOURCE, type Signer, type RequestInput } from './tokens';

const CERTIFICATE = 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2';
const OTHER = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0';

let signer: Signer;
beforeAll(async () => {
  signer = await createSigner();
});

async function present(claims: Record<string, unknown>, input: Partial<RequestInput>, scheme = 'Bearer') {
  const authenticator = createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks }], clock: () => NOW * 1000 });
  return authenticator.authenticate(requestWith(`${scheme} ${await signer.sign(claims)}`, { senderConstraint: 'required', ...input }));
}

describe('RFC 8705 section 3, tokens that are bound to a client certificate', () => {
  const cnf = { 'x5t#S256': CERTIFICATE };

  it('IAM-4 are good over a connection with that certificate', async () => {
    expect(await present({ cnf }, { clientCertificate: CERTIFICATE })).toMatchObject({ ok: true, principal: { authentication: { method: 'mtls', senderConstrained: true } } });
    expect(await present({ cnf }, { clientCertificate: CERTIFICATE, senderConstraint: 'optional' })).toMatchObject({ ok: true });
  });

  it.each([
    ['another certificate', { clientCertificate: OTHER }],
    ['no certificate', {}],
    ['no certificate, where bindings are optional', { senderConstraint: 'optional' }],
  ] as const)('IAM-4 are refused with 401 invalid_token over a connection with %s', async (_case, input) => {
    const result = await present({ cnf }, input);
    expect(result).toMatchObject({ ok: false, status: 401, reason: 'wrong_certificate', challenge: expect.stringContaining('error="invalid_token"') });
  });

  it('are refused where bindings are off, whatever the connection', async () => {
    expect(await present({ cnf }, { clientCertificate: CERTIFICATE, senderConstraint: 'off' })).toMatchObject({ ok: false, reason: 'proof_required' });
  });

  it('are no DPoP tokens', async () => {
    expect(await present({ cnf }, { clientCertificate: CERTIFICATE }, 'DPoP')).toMatchObject({ ok: false, reason: 'not_bound' });
  });

  it('need the certificate and the proof, where they are bound to both', async () => {
    const client = await createProver();
    const token = await signer.sign({ cnf: { ...cnf, jkt: client.thumbprint } });
    const authenticator = createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks }], clock: () => NOW * 1000 });
    const attempt = async (proof: boolean, clientCertificate?: string) => {
      const input = requestWith(`DPoP ${token}`, { senderConstraint: 'optional', clientCertificate });
      if (proof) input.headers.set('dpop', await client.prove(token));
      return (await authenticator.authenticate(input)).ok;
    };
    expect([await attempt(true, CERTIFICATE), await attempt(true), await attempt(true, OTHER), await attempt(false, CERTIFICATE)]).toEqual([true, false, false, false]);
  });

  it.each([{}, { 'x5t#S256': '' }, { 'x5t#S256': 7 }, { jwk: {} }, { kid: 'x' }, { 'x5t#S256': CERTIFICATE, kid: 'x' }, 'x', [], null])('are refused when it is not understood how they are bound: %j', async (odd) => {
    expect(await present({ cnf: odd }, { clientCertificate: CERTIFICATE })).toMatchObject({ ok: false, reason: 'unknown_binding' });
  });

  it('section 3.3: are announced in the metadata', () => {
    const document = (senderConstraint: 'off' | 'optional' | 'required') => protectedResourceMetadata({ resource: RESOURCE, authorizationServers: [ISSUER], senderConstraint });
    expect(document('optional')).toMatchObject({ tls_client_certificate_bound_access_tokens: true, dpop_bound_access_tokens_required: false, dpop_signing_alg_values_supported: expect.arrayContaining(['ES256', 'EdDSA']) });
    expect(document('required')).toMatchObject({ dpop_bound_access_tokens_required: true });
    expect(document('off')).not.toHaveProperty('dpop_signing_alg_values_supported');
  });
});
