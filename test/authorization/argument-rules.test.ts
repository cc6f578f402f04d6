import { checkArgumentRules, readArgumentRules } from '../../lambda/authorization/argument-rules';
import { compileArgumentRulesOf } from '../../lambda/authorization/compile-argument-rules';
import type { ToolDefinition } from '../../lambda/protocol';

const REFUND: Pick<ToolDefinition, 'name' | 'inputSchema'> = {
  name: 'refund',
  inputSchema: { type: 'object', properties: { amount: { type: 'integer' }, reason: { type: 'string' }, currency: { type: 'string' } }, required: ['amount'], additionalProperties: false },
};

const RULES = `
// A large refund has to say why.
@id("large-refund-needs-reason")
forbid (principal, action, resource) when { context.arguments.amount > 100 && !(context.arguments has reason) };
@id("euros-only")
forbid (principal, action, resource) when { context.arguments has currency } unless { context.arguments.currency == "EUR" };
`;

it.each([
  [{ amount: 20 }, []],
  [{ amount: 101 }, ['large-refund-needs-reason']],
  [{ amount: 101, reason: 'broken' }, []],
  [{ amount: 101, currency: 'USD' }, ['large-refund-needs-reason', 'euros-only']],
])('IOV-8 rules in Cedar hold fields to each other: %j breaks %j', (toolArguments, broken) => {
  expect([...compileArgumentRulesOf(RULES, 'crm', REFUND)(toolArguments)].sort()).toEqual([...broken].sort());
});

it('IOV-8 a rule that cannot be evaluated is broken', () => {
  const check = compileArgumentRulesOf('forbid (principal, action, resource) when { context.arguments.amount * 9007199254740991 > 0 };', 'crm', REFUND);
  expect(check({ amount: 9007199254740991 })).toEqual(['not-evaluated']);
});

it.each([
  ['what does not parse', 'forbid (principal, action, resource) when { ', /2:|1:/],
  ['nothing', '// none', /there are none/],
  ['a permit', 'permit (principal, action, resource);', /permits; a rule forbids/],
  ['a scope', 'forbid (principal, action == Mcp::Action::"crm/refund", resource);', /for every call of its tool/],
  ['a look at who calls', 'forbid (principal, action, resource) when { principal in Mcp::Group::"a" };', /looks at more than context.arguments/],
  ['a look at the circumstances', 'forbid (principal, action, resource) when { context has risk && context.risk > 3 };', /looks at more than context.arguments/],
])('IOV-8 refuses %s', (_what, text, message) => {
  expect(() => readArgumentRules(text)).toThrow(message);
});

it.each([
  ['an argument that the tool does not have', 'context.arguments.amuont > 3', /amuont/],
  ['a comparison of unlike types', 'context.arguments.amount == "many" || context.arguments.amount > "3"', /does not fit the input schema of crm\/refund/],
  ['an optional argument without asking for it', 'context.arguments.reason == ""', /reason/],
])('IOV-8 refuses %s, by the input schema of the tool', (_what, condition, message) => {
  expect(() => checkArgumentRules(`forbid (principal, action, resource) when { ${condition} };`, 'crm', REFUND)).toThrow(message);
});
