import { generateSchema, loadPolicyTexts, validatePolicies, type LoadedPolicies } from '../../lambda/authorization';
import { readFile, tool } from './fixtures';

const { schema, leftOut } = generateSchema([
  { name: 'files', tools: [readFile, tool('find', { path: { type: 'string' }, filter: {} })] },
]);

function loaded(text: string): Extract<LoadedPolicies, { ok: true }> {
  const result = loadPolicyTexts([{ name: 'a.cedar', text }]);
  if (!result.ok) throw new Error(result.errors[0]!.message);
  return result;
}

describe('loadPolicyTexts', () => {
  it('names policies by their @id, others by file and place', () => {
    const { policies, locations } = loaded(`// a comment; with a semicolon and a "quote
permit(principal, action, resource) when { context.protocolVersion == "a;b\\"; // no" };

  // second
@id("named") forbid(principal, action, resource);
permit(principal, action, resource);
// the end`);
    expect(Object.keys(policies)).toEqual(['a.cedar#0', 'named', 'a.cedar#2']);
    expect(policies.named).toBe('@id("named") forbid(principal, action, resource);');
    expect(locations).toEqual({
      'a.cedar#0': { file: 'a.cedar', line: 2, column: 1 },
      named: { file: 'a.cedar', line: 5, column: 1 },
      'a.cedar#2': { file: 'a.cedar', line: 6, column: 1 },
    });
  });

  it('takes an empty file for no policies', () => {
    expect(loadPolicyTexts([{ name: 'empty.cedar', text: '\n// nothing yet\n' }])).toEqual({ ok: true, policies: {}, locations: {} });
  });

  it('reports every error with its file, line and column', () => {
    const result = loadPolicyTexts([
      { name: 'a.cedar', text: '// é\npermit(principal, action, resource) when { "é" == };\n\npermit(principl, action, resource);' },
      { name: 'b.cedar', text: 'permit(principal, action, resource)' },
      { name: 'c.cedar', text: 'permit(principal == ?principal, action, resource);' },
    ]);
    expect(result).toMatchObject({
      ok: false,
      errors: [
        { file: 'a.cedar', line: 2, column: 51, message: expect.stringContaining('unexpected token') },
        { file: 'a.cedar', line: 4, column: 8 },
        { file: 'b.cedar', line: 1, column: 36, message: expect.stringContaining('expected `;`') },
        { file: 'c.cedar', line: 1, column: 21, message: expect.stringContaining('template') },
      ],
    });
  });

  it('refuses an id that is taken', () => {
    const text = '@id("x") permit(principal, action, resource);';
    expect(
      loadPolicyTexts([
        { name: 'a.cedar', text },
        { name: 'b.cedar', text: `\n${text}` },
      ]),
    ).toEqual({
      ok: false,
      errors: [{ file: 'b.cedar', line: 2, column: 1, message: 'the policy id "x" is already taken at a.cedar:1' }],
    });
  });
});

describe('validatePolicies', () => {
  const check = (text: string) => {
    const { policies, locations } = loaded(text);
    return validatePolicies(policies, schema, { locations, leftOut });
  };

  it('finds nothing in policies on declared tools and arguments', () => {
    expect(
      check(`permit(principal in Mcp::Group::"analysts", action in [Mcp::Action::"discover", Mcp::Action::"files/read_file"], resource in Mcp::Server::"files");
permit(principal, action == Mcp::Action::"files/read_file", resource) when { context.arguments.path like "/reports/*" };`),
    ).toEqual([]);
  });

  it('names the place of a misspelt tool, and the tool that was meant', () => {
    expect(check('\n@id("p")\npermit(\n  principal,\n  action == Mcp::Action::"files/read_fil",\n  resource\n);')).toEqual([
      {
        policyId: 'p',
        severity: 'error',
        line: 5,
        column: 13,
        message: 'unrecognized action `Mcp::Action::"files/read_fil"` (did you mean `Mcp::Action::"files/read_file"`?)',
      },
    ]);
  });

  it('finds a misspelt argument and one of the wrong type', () => {
    const on = (condition: string) =>
      check(`permit(principal, action == Mcp::Action::"files/read_file", resource)\nwhen { ${condition} };`)[0];
    expect(on('context.arguments.pth == "x"')).toMatchObject({ severity: 'error', line: 2, message: expect.stringContaining('did you mean `path`') });
    expect(on('context.arguments.path == 3')).toMatchObject({ severity: 'error', line: 2 });
  });

  it('warns of a policy that can never have an effect', () => {
    expect(check('permit(principal, action == Mcp::Action::"connect", resource is Mcp::Tool);')).toMatchObject([{ severity: 'warning' }, { severity: 'warning' }]);
  });

  it('refuses a policy on an argument that Cedar has no type for, also where it only asks for its presence', () => {
    expect(check('forbid(principal, action == Mcp::Action::"files/find", resource) when { context.arguments has filter };')).toMatchObject([
      { severity: 'warning' },
      { severity: 'error', message: 'policies cannot read the argument filter of files/find: it may be any value' },
    ]);
  });
});
