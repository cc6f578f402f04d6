import { circumstancesOf, createRequirementCheck, createTokenAuthenticator, principalId, stepUpRequired, toolAudience, type Principal, type TokenRequirement } from '../../lambda/identity';
import { createSigner, ISSUER, METADATA, NOW, requestWith, RESOURCE, type Signer } from './tokens';

let signer: Signer;
beforeAll(async () => {
  signer = await createSigner();
});

async function attempt(claims: Record<string, unknown>, issuer = {}) {
  const authenticator = createTokenAuthenticator({ issuers: [{ issuer: ISSUER, jwks: signer.jwks, ...issuer }], clock: () => NOW * 1000 });
  return authenticator.authenticate(requestWith(`Bearer ${await signer.sign(claims)}`));
}

async function toolsOf(claims: Record<string, unknown>) {
  const result = await attempt(claims);
  return result.ok ? result.principal.tools : result.reason;
}

describe('IAM-3 a token for a tool', () => {
  it('is one for these tools of the server, and for nothing else', async () => {
    expect(await toolsOf({ aud: toolAudience(RESOURCE, 'read/file') })).toEqual([{ tool: 'read/file' }]);
    expect(await toolsOf({ aud: [toolAudience(RESOURCE, 'a'), toolAudience(RESOURCE, 'b')] })).toEqual([{ tool: 'a' }, { tool: 'b' }]);
    expect(await toolsOf({ aud: [toolAudience(RESOURCE, 'a'), RESOURCE] })).toBeUndefined();
  });

  it('is refused by another server', async () => {
    expect(await toolsOf({ aud: toolAudience('https://gateway.example.com/mcp/crm', 'a') })).toBe('wrong_audience');
    expect(await toolsOf({ aud: `${RESOURCE}/tools/%zz` })).toBe('wrong_audience');
  });
});

describe('IAM-2 authorization details (RFC 9396)', () => {
  const detail = { type: 'mcp_tool', locations: [RESOURCE], tools: ['read_file'], arguments: { path: '/a' } };

  it('of a token are the tools, and the arguments, that it is good for', async () => {
    expect(await toolsOf({ authorization_details: [detail] })).toEqual([{ tool: 'read_file', arguments: { path: '/a' } }]);
    expect(await toolsOf({ authorization_details: [{ type: 'mcp_tool', tools: ['a', 'b'] }] })).toEqual([{ tool: 'a' }, { tool: 'b' }]);
  });

  it('for another server open nothing of this one', async () => {
    expect(await toolsOf({ authorization_details: [{ ...detail, locations: ['https://gateway.example.com/mcp/crm'] }] })).toEqual([]);
  });

  it('of other types say nothing of tools', async () => {
    expect(await toolsOf({ authorization_details: [{ type: 'payment' }] })).toBeUndefined();
    expect(await toolsOf({ authorization_details: [{ type: 'payment' }, detail] })).toHaveLength(1);
  });

  it('narrow an audience further', async () => {
    expect(await toolsOf({ aud: toolAudience(RESOURCE, 'other'), authorization_details: [detail] })).toEqual([]);
  });

  it.each([{}, 'x', [{}], [{ type: 'mcp_tool' }], [{ ...detail, tools: 'read_file' }], [{ ...detail, locations: [] }], [{ ...detail, arguments: [] }]].map((details) => [details]))('that are not understood refuse the token: %j', async (authorization_details) => {
    expect(await toolsOf({ authorization_details })).toBe('malformed_claim');
  });
});

describe('what a token says of the circumstances', () => {
  it('reaches policies as far as the configuration names the claims (JIT-2, JIT-3)', async () => {
    const circumstanceClaims = { purpose: 'https://example.com/purpose', risk: 'risk', deviceTrusted: 'device_ok' };
    const result = await attempt({ 'https://example.com/purpose': 'billing', risk: 40, device_ok: true, acr: 'mfa', auth_time: NOW - 90 }, { circumstanceClaims });
    expect(result.ok && circumstancesOf(result.principal, NOW * 1000)).toEqual({
      purpose: 'billing',
      risk: 40,
      device: { trusted: true },
      authentication: { method: 'bearer', senderConstrained: false, acr: 'mfa', ageSeconds: 90 },
    });
    const silent = await attempt({ risk: 40 });
    expect(silent.ok && circumstancesOf(silent.principal, NOW * 1000)).toEqual({ authentication: { method: 'bearer', senderConstrained: false } });
  });

  it.each([{ risk: '40' }, { risk: 101 }, { risk: -1 }, { device_ok: 'yes' }, { purpose: 7 }, { acr: 7 }, { auth_time: 'now' }])('refuses the token where it makes no sense: %j', async (claims) => {
    expect(await attempt(claims, { circumstanceClaims: { purpose: 'purpose', risk: 'risk', deviceTrusted: 'device_ok' } })).toMatchObject({ ok: false, reason: 'malformed_claim' });
  });
});

describe('CV-3 requirements of tools', () => {
  const principal = (own: Partial<Principal> = {}): Principal => ({ type: 'User', id: principalId('alice'), groups: [], scopes: ['read'], issuer: ISSUER, authentication: { method: 'bearer', senderConstrained: false, acr: 'pwd', authTime: NOW - 600 }, ...own });
  const unmet = (requirement: TokenRequirement, tool: string | undefined, own?: Partial<Principal>) => createRequirementCheck([requirement])(principal(own), tool, NOW * 1000)?.kind;

  it.each<[TokenRequirement, 'scope' | 'authentication' | undefined]>([
    [{ scopes: ['read'] }, undefined],
    [{ scopes: ['read', 'write'] }, 'scope'],
    [{ acrValues: ['mfa', 'pwd'] }, undefined],
    [{ acrValues: ['mfa'] }, 'authentication'],
    [{ maxAgeSeconds: 600 }, undefined],
    [{ maxAgeSeconds: 300 }, 'authentication'],
  ])('%j finds what is lacking: %s', (requirement, lacking) => {
    expect(unmet(requirement, undefined)).toBe(lacking);
    expect(unmet(requirement, 'any')).toBe(lacking);
  });

  it('are not met by a token that says nothing of how its subject signed in', () => {
    for (const requirement of [{ acrValues: ['pwd'] }, { maxAgeSeconds: 1e9 }]) {
      expect(unmet(requirement, 'x', { authentication: { method: 'bearer', senderConstrained: false } })).toBe('authentication');
      expect(unmet(requirement, 'x', { authentication: undefined })).toBe('authentication');
    }
  });

  it.each([
    ['delete_file', 'delete_file', true],
    ['delete_file', 'delete_files', false],
    ['delete_*', 'delete_', true],
    ['*', '', true],
    ['a*b*c', 'aXbXc', true],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'acb', false],
    ['a*a', 'a', false],
    ['ab*bc', 'abc', false],
  ])('%s is about the tool %p: %p', (pattern, tool, isAbout) => {
    expect(unmet({ tools: [pattern], scopes: ['none'] }, tool) !== undefined).toBe(isAbout);
    expect(unmet({ tools: [pattern], scopes: ['none'] }, undefined)).toBeUndefined();
  });

  it('RFC 9470: say which way to sign in, and how recently', () => {
    const requirement = { acrValues: ['mfa', 'hwk'], maxAgeSeconds: 300 };
    const result = stepUpRequired({ resourceMetadataUrl: METADATA }, { kind: 'authentication', requirement }, principal(), ['mcp']);
    expect(result).toMatchObject({ status: 401, reason: 'insufficient_user_authentication' });
    expect(result.challenge).toBe(`Bearer error="insufficient_user_authentication", error_description="The person has to sign in in a stronger way, or again", scope="mcp", acr_values="mfa hwk", max_age="300", resource_metadata="${METADATA}"`);
  });

  it('MCP authorization, scope challenge handling: name all scopes that are needed, in one challenge', () => {
    const result = stepUpRequired({ resourceMetadataUrl: METADATA }, { kind: 'scope', requirement: { scopes: ['write', 'mcp'] } }, principal(), ['mcp']);
    expect(result).toMatchObject({ status: 403, challenge: expect.stringMatching(/^Bearer error="insufficient_scope", error_description="[^"]+", scope="mcp write", resource_metadata=/) });
  });

  it.each<TokenRequirement>([{}, { tools: ['x'] }, { tools: [], scopes: ['x'] }, { scopes: ['a b'] }, { acrValues: ['a b'] }, { maxAgeSeconds: 0 }, { maxAgeSeconds: Number.NaN }])('make sense, or are refused: %j', (requirement) => {
    expect(() => createRequirementCheck([requirement])).toThrow(TypeError);
  });
});
