import { createTokenAuthenticator, type AuthenticationResult, type Authenticator, type TokenAuthenticatorOptions, type TrustedIssuer } from '../../lambda/identity';
import { createSigner, ISSUER, NOW, requestWith, type Signer } from './tokens';

/** Of the tests that run. */
export let signer: Signer;
export let now: number;

beforeAll(async () => {
  signer = await createSigner();
});
beforeEach(() => setNow(NOW * 1000));

export function setNow(milliseconds: number): void {
  now = milliseconds;
}

export function authenticatorFor(issuer: Partial<TrustedIssuer> = {}, options: Partial<TokenAuthenticatorOptions> = {}): Authenticator {
  return createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks, ...issuer }], clock: () => now, ...options });
}

export async function attempt(token: string, authenticator = authenticatorFor(), overrides = {}): Promise<AuthenticationResult> {
  return authenticator.authenticate(requestWith(`Bearer ${token}`, overrides));
}

export async function principalOf(claims: Record<string, unknown>, authenticator = authenticatorFor(), header = {}) {
  const result = await attempt(await signer.sign(claims, header), authenticator);
  if (!result.ok) throw new Error(`refused: ${result.reason}`);
  return result.principal;
}

export function expectRefusal(result: AuthenticationResult, status: number, reason: string): void {
  expect(result).toMatchObject({ ok: false, status, reason });
}
