import fc from 'fast-check';
import { cedarEntity, cedarString, generateSchema, grantPolicyText, validatePolicies } from '../../lambda/authorization';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { readFile } from './fixtures';

describe('cedarString', () => {
  it.each(['"', '\\', '\n', '\r', '\u0000', '\u007f', '\u0085', '\u2028', '\u2029', '\ud800'])('refuses %j', (character) => {
    expect(() => cedarString(`a${character}b`)).toThrow('cannot be a Cedar string');
  });

  it('refuses a value that is known at deployment only', () => {
    expect(() => cedarString('${Token[TOKEN.12]}')).toThrow('deploy-time');
  });

  it('means the very value to Cedar, whatever is accepted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        let literal: string;
        try {
          literal = cedarString(value);
        } catch {
          return;
        }
        const answer = cedar().policyToJson(`permit(principal == Mcp::User::${literal}, action, resource);`);
        expect(answer).toMatchObject({ json: { principal: { entity: { type: 'Mcp::User', id: value } } } });
      }),
    );
  });
});

describe('grantPolicyText', () => {
  it('grants named tools to a group, and to see the server', () => {
    const text = grantPolicyText({ principal: { type: 'Group', id: 'analysts' }, server: 'files', tools: ['read_file'], id: 'g1' });
    expect(text).toBe(`@id("g1")
permit (
  principal in Mcp::Group::"analysts",
  action in [Mcp::Action::"discover", Mcp::Action::"files/read_file"],
  resource in Mcp::Server::"files"
);
`);
    const { schema } = generateSchema([{ name: 'files', tools: [readFile] }]);
    expect(validatePolicies({ g1: text }, schema)).toEqual([]);
  });

  it('grants every tool of a server to one agent', () => {
    const text = grantPolicyText({ principal: { type: 'Agent', id: 'nightly' }, server: 'files' });
    expect(text).toContain('principal == Mcp::Agent::"nightly"');
    expect(text).toContain('Mcp::Action::"callTool"');
  });

  it('refuses names that could break out of their literal, and a list without tools', () => {
    const principal = { type: 'Group', id: 'a' } as const;
    expect(() => grantPolicyText({ principal: { ...principal, id: 'a", action, resource); //' }, server: 's' })).toThrow('Cedar string');
    expect(() => grantPolicyText({ principal, server: 's"' })).toThrow('Cedar string');
    expect(() => grantPolicyText({ principal, server: 's', tools: ['t\\'] })).toThrow('Cedar string');
    expect(() => grantPolicyText({ principal, server: 's', tools: [] })).toThrow('names no tool');
  });

  it('refers to entities of every kind', () => {
    expect(cedarEntity('Server', 'files')).toBe('Mcp::Server::"files"');
  });
});
