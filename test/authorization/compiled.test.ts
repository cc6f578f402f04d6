import fc from 'fast-check';
import type { CedarRecord, CedarValue } from '../../lambda/authorization/argument-value';
import { cedar } from '../../lambda/authorization/cedar-engine';
import { EVALUATION_ERROR, UNDECIDED, compileConditions } from '../../lambda/authorization/compiled';
import { entitiesOf } from '../../lambda/authorization/entities';
import { calls, person, tool } from './fixtures';

const entities = entitiesOf(calls(person('alice', ['analysts']), 'files', tool('read_file'), {}));

type Answer = boolean | 'error' | 'undecided';

function engineAnswer(condition: string, context: CedarRecord): Answer {
  const answer = cedar().isAuthorized({
    principal: entities.principal.uid,
    action: entities.action.uid,
    resource: entities.resource.uid,
    context,
    policies: { staticPolicies: { p: `permit(principal, action, resource) when { ${condition} };` } },
    entities: [entities.principal, entities.action, entities.resource].map(({ uid, attrs, parents }) => ({ uid, attrs, parents })),
  });
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors));
  return answer.response.diagnostics.errors.length > 0 ? 'error' : answer.response.decision === 'allow';
}

/** `undefined` where the condition is not compiled. */
function compiledAnswer(condition: string, context: CedarRecord): Answer | undefined {
  const parsed = cedar().policyToJson(`permit(principal, action, resource) when { ${condition} };`);
  if (parsed.type === 'failure') throw new Error(`${condition}: ${JSON.stringify(parsed.errors)}`);
  const holds = compileConditions(parsed.json.conditions);
  if (holds === undefined) return undefined;
  try {
    return holds({ entities, context });
  } catch (thrown) {
    if (thrown === EVALUATION_ERROR) return 'error';
    if (thrown === UNDECIDED) return 'undecided';
    throw thrown;
  }
}

const context: CedarRecord = {
  n: 7,
  flag: true,
  text: 'reports/2026/ä*.txt',
  numbers: [1, 2, 2, 3],
  words: ['a', 'b'],
  nested: { inner: { text: 'x', 'odd name': 1 }, set: [[1], [2, 1], { a: 1 }] },
  price: { __extn: { fn: 'decimal', arg: '1.50' } },
  empty: [],
};

describe('compiled conditions', () => {
  it.each([
    ['context.n + 1 == 8 && context.n * 2 > 13 && -context.n <= -7', true],
    ['context.text like "reports/*.txt" && !(context.text like "*..*")', true],
    ['context.text like "*\\**"', true],
    ['context.text like "*2026*2026*"', false],
    ['context.numbers == [3, 2, 1] && context.numbers.containsAll([2, 3]) && context.numbers.containsAny([9, 1])', true],
    ['context.nested.set.contains([1, 2]) && context.nested.set.contains({a: 1})', true],
    ['context has nested.inner.text && !(context has nested.inner.missing)', true],
    ['context.nested.inner["odd name"] == 1 && context.nested.inner == {"text": "x", "odd name": 1}', true],
    ['context.missing == 1', 'error'],
    ['false && context.missing == 1', false],
    ['true || context.missing', true],
    ['context.missing || true', 'error'],
    ['true && context.n', 'error'],
    ['context.n', 'error'],
    ['if context.flag then context.n == 7 else context.missing', true],
    ['context.text < 3', 'error'],
    ['context.words.contains(3) || context.text == 3', false],
    ['context.n has x', 'error'],
    ['context.empty.isEmpty() && !context.words.isEmpty()', true],
    ['principal == Mcp::User::"alice" && principal is Mcp::User && principal in Mcp::Group::"analysts"', true],
    ['principal is Mcp::User in Mcp::Group::"others"', false],
    ['Mcp::User::"alice" in [Mcp::Group::"x", Mcp::Group::"analysts"]', true],
    ['Mcp::User::"bob" in Mcp::Group::"analysts"', false],
    ['action in Mcp::Action::"callTool" && resource in Mcp::Server::"files" && principal != resource', true],
    ['principal == "alice"', false],
    ['principal has issuer && principal.scopes.isEmpty() && !(resource has other) && resource.destructive', true],
    ['resource.other', 'error'],
  ] as const)('CV-1 %s: as the engine', (condition, expected) => {
    expect(engineAnswer(condition, context)).toBe(expected);
    expect(compiledAnswer(condition, context)).toBe(expected);
  });

  it.each([
    ['context.price.lessThan(decimal("2.0"))', undefined],
    ['context.price == decimal("1.5")', undefined],
    ['context.numbers.contains(context.price) || context.nested.set.contains(context.price)', 'undecided'],
    ['context.n * 9007199254740991 > 0', 'undecided'],
    ['(if context.flag then principal else resource) == principal', undefined],
    ['principal.hasTag("x")', undefined],
    ['[principal].contains(principal)', undefined],
  ] as const)('CV-1 %s: left to the engine', (condition, expected) => {
    expect(compiledAnswer(condition, context)).toBe(expected);
  });

  it('CV-1 leaves values to the engine that Cedar does not have', () => {
    expect(compiledAnswer('context.text == "x"', { text: '\udfff' })).toBe('undecided');
    expect(compiledAnswer('context.n == 1', { n: 1.5 })).toBe('undecided');
  });

  it('CV-1 answers any expression as the engine does, or leaves it to the engine', () => {
    let answered = 0;
    fc.assert(
      fc.property(expression, contexts, (condition, given) => {
        const compiled = compiledAnswer(condition, given);
        if (compiled === undefined || compiled === 'undecided') return;
        answered += 1;
        expect({ condition, answer: compiled }).toEqual({ condition, answer: engineAnswer(condition, given) });
      }),
      { numRuns: 3_000 },
    );
    expect(answered).toBeGreaterThan(2_000);
  });
});

const word = fc.constantFrom('', 'a', 'ab', 'b', 'a*b', 'ä', '😀', '__entity', 'x');
const leafValue: fc.Arbitrary<CedarValue> = fc.oneof(word, fc.integer({ min: -3, max: 3 }), fc.boolean());
const { value: anyValue } = fc.letrec<{ value: CedarValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leafValue,
    leafValue,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    fc.constant<CedarValue>({ __extn: { fn: 'decimal', arg: '1.5' } }),
  ),
}));
const contexts: fc.Arbitrary<CedarRecord> = fc.record({ a: anyValue, b: anyValue, c: anyValue }, { requiredKeys: [] });

const entity = fc.constantFrom('principal', 'action', 'resource', 'Mcp::User::"alice"', 'Mcp::Group::"analysts"', 'Mcp::Server::"files"');
const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const of = tie('expression');
  const binary = (operators: readonly string[]) => fc.tuple(of, fc.constantFrom(...operators), of).map(([a, operator, b]) => `((${a}) ${operator} (${b}))`);
  return {
    expression: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.oneof(
        word.map((text) => JSON.stringify(text)),
        fc.integer({ min: -3, max: 3 }).map((n) => `(${n})`),
        fc.constantFrom('true', 'false', 'context', 'context.a', 'context.b', 'context.c', 'context has a', 'context has a.b', 'principal.issuer', 'resource.readOnly', 'resource.other', 'principal has issuer'),
      ),
      binary(['&&', '||']),
      binary(['&&', '||', '==', '!=']),
      binary(['==', '!=', '<', '<=', '>', '>=', '+', '-', '*']),
      of.map((a) => `(!(${a}))`),
      of.map((a) => `(-(${a}))`),
      fc.tuple(of, fc.constantFrom('a', 'b')).map(([a, name]) => `((${a}).${name})`),
      fc.tuple(of, fc.constantFrom('a', 'b', 'a.b')).map(([a, name]) => `((${a}) has ${name})`),
      fc.tuple(of, fc.constantFrom('*', 'a*', '*b', 'a*b', '*a*b*', '\\*', '', 'ä*')).map(([a, pattern]) => `((${a}) like "${pattern}")`),
      fc.tuple(of, fc.constantFrom('contains', 'containsAll', 'containsAny'), of).map(([a, operator, b]) => `((${a}).${operator}(${b}))`),
      of.map((a) => `((${a}).isEmpty())`),
      fc.array(of, { maxLength: 3 }).map((all) => `[${all.join(', ')}]`),
      fc.tuple(of, of).map(([a, b]) => `{a: ${a}, b: ${b}}`),
      fc.tuple(of, of, of).map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
      fc.tuple(entity, fc.constantFrom('==', '!=', 'in'), entity).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
      fc.tuple(entity, fc.array(entity, { maxLength: 3 })).map(([a, all]) => `(${a} in [${all.join(', ')}])`),
      fc.tuple(entity, of).map(([a, b]) => `(${a} == (${b}))`),
      fc.tuple(fc.constantFrom('principal', 'resource'), fc.constantFrom('Mcp::User', 'Mcp::Tool')).map(([a, type]) => `(${a} is ${type})`),
    ),
  };
});
