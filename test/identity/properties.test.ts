import fc from 'fast-check';
import { bearerChallenge, createTokenAuthenticator } from '../../lambda/identity';
import { createProver } from './proofs';
import { createSigner, encode, ISSUER, NOW, requestWith } from './tokens';

describe('for any token', () => {
  it('one changed, lost or added character and it does not authenticate', async () => {
    const signer = await createSigner();
    const authenticator = createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks }], clock: () => NOW * 1000 });
    const token = await signer.sign({ groups: ['staff'] });
    const authenticates = async (text: string) => {
      const headers = new Headers();
      headers.set('authorization', `Bearer ${text}`);
      return (await authenticator.authenticate(requestWith(undefined, { headers }))).ok;
    };
    expect(await authenticates(token)).toBe(true);
    const character = fc.constantFrom(...'ABYZabyz0189-_.~+/=, \t');
    const mutation = fc.tuple(fc.nat(token.length - 1), fc.constantFrom('replace', 'delete', 'insert', 'swap'), character);
    await fc.assert(
      fc.asyncProperty(mutation, async ([at, kind, c]) => {
        const rest = token.slice(at + 1);
        const mutated = {
          replace: token.slice(0, at) + c + rest,
          delete: token.slice(0, at) + rest,
          insert: token.slice(0, at) + c + token.slice(at),
          swap: token.slice(0, at) + rest.slice(0, 1) + token[at] + rest.slice(1),
        }[kind]!;
        fc.pre(mutated.trim() !== token);
        expect(await authenticates(mutated)).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  it('changed claims under the old signature do not authenticate', async () => {
    const signer = await createSigner();
    const authenticator = createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks }], clock: () => NOW * 1000 });
    const [header, payload, signature] = (await signer.sign()).split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom('sub', 'groups', 'scope', 'exp', 'x'), fc.jsonValue(), { minKeys: 1 }), async (changes) => {
        const changed = encode({ ...claims, ...changes });
        fc.pre(changed !== payload);
        const result = await authenticator.authenticate(requestWith(`Bearer ${header}.${changed}.${signature}`));
        expect(result.ok).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

describe('for any words in a challenge', () => {
  it('they stay inside their quotes, on one line, and read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.webUrl(), (description, resourceMetadataUrl) => {
        const challenge = bearerChallenge({ error: 'invalid_token', description, resourceMetadataUrl });
        expect(challenge).toMatch(/^[\x20-\x7e]*$/);
        const parameters = [...challenge.slice('Bearer '.length).matchAll(/(?:^|, )([a-z_]+)="((?:[^"\\]|\\.)*)"/gy)];
        expect(parameters.map(([, name]) => name)).toEqual(['error', 'error_description', 'resource_metadata']);
        expect(parameters.map(([text]) => text).join('')).toBe(challenge.slice('Bearer '.length));
        expect(parameters[1]![2]!.replace(/\\(.)/g, '$1')).toBe(description.replace(/[^\x20-\x7e]/g, ''));
        expect(() => new Headers({ 'www-authenticate': challenge })).not.toThrow();
      }),
    );
  });
});

describe('for any proof', () => {
  it('one changed, lost or added character and it proves nothing', async () => {
    const signer = await createSigner();
    const client = await createProver();
    const token = await signer.sign({ cnf: { jkt: client.thumbprint } });
    const authenticator = createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks }], clock: () => NOW * 1000 });
    const proves = async (proof: string) => {
      const input = requestWith(`DPoP ${token}`, { senderConstraint: 'required' });
      input.headers.set('dpop', proof);
      return (await authenticator.authenticate(input)).ok;
    };
    const proof = await client.prove(token);
    const bits = (text: string) => text.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex')).join('.');
    const mutation = fc.tuple(fc.nat(proof.length - 1), fc.constantFrom('replace', 'delete', 'insert'), fc.constantFrom(...'ABYZabyz0189-_.~+/=, '));
    await fc.assert(
      fc.asyncProperty(mutation, async ([at, kind, c]) => {
        const rest = proof.slice(at + 1);
        const mutated = { replace: proof.slice(0, at) + c + rest, delete: proof.slice(0, at) + rest, insert: proof.slice(0, at) + c + proof.slice(at) }[kind]!;
        // The last character of a part has bits that mean nothing.
        fc.pre(bits(mutated) !== bits(proof));
        expect(await proves(mutated)).toBe(false);
      }),
      { numRuns: 400 },
    );
    expect(await proves(proof)).toBe(true);
  });
});
