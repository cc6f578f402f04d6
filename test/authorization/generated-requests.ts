import fc from 'fast-check';
import type { AuthorizationRequest, Operation } from '../../lambda/authorization';
import type { JsonObject, ToolDefinition } from '../../lambda/protocol';
import { NOW, person, tool } from './fixtures';

/** A small world in which generated policies and generated requests meet often. */
const groups = ['analysts', 'operators', 'auditors'];
export const servers = ['files', 'memory'];

export const tools: readonly ToolDefinition[] = [
  tool('read', { path: { type: 'string' }, n: { type: 'number' } }, { readOnlyHint: true }),
  tool('write', { path: { type: 'string' }, options: { type: 'object', properties: { force: { type: 'boolean' } } } }),
  tool('scan', { tags: { type: 'array', items: { type: 'string' } }, n: { type: 'integer' } }, { destructiveHint: false }),
];

const args: fc.Arbitrary<JsonObject> = fc.record(
  {
    path: fc.constantFrom('/reports/a', '/etc/passwd', '/reports/../x', '\ud800'),
    n: fc.constantFrom(1, 2.5, 3, 0.00001, 2 ** 60),
    options: fc.constantFrom<JsonObject>({}, { force: true }, { force: false }),
    tags: fc.constantFrom(['a'], ['a', 'b'], []),
  },
  { requiredKeys: [] },
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(fc.constantFrom(...tools), args).map(
      ([definition, values]): Operation => ({
        kind: 'callTool',
        tool: definition,
        arguments: Object.fromEntries(Object.entries(values).filter(([name]) => name in (definition.inputSchema.properties as JsonObject))),
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('connect', 'listTools', 'listPrompts', 'listResources').map((kind) => ({ kind }) as Operation),
  },
  { weight: 1, arbitrary: fc.constant<Operation>({ kind: 'getPrompt', prompt: 'summary', arguments: {} }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('readResource', 'subscribeResource').map((kind) => ({ kind, uri: 'file:///reports/a' }) as Operation),
  },
  { weight: 1, arbitrary: fc.constant<Operation>({ kind: 'complete', reference: 'summary' }) },
  { weight: 1, arbitrary: fc.constantFrom<Operation>({ kind: 'seeGrants' }, { kind: 'useKillSwitch' }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('requestGrant' as const, 'approveGrant' as const), fc.constantFrom(...tools), fc.integer({ min: 1, max: 5 }))
      .map(([kind, definition, uses]): Operation => ({ kind, tool: definition, request: { principal: 'alice', argumentsBound: uses > 2, uses, lifetimeSeconds: 300 } })),
  },
);

const principal = fc
  .record({
    type: fc.constantFrom('User' as const, 'Agent' as const),
    id: fc.constantFrom('alice', 'bob'),
    groups: fc.subarray(groups),
    scopes: fc.subarray(['read', 'write']),
  })
  .map(({ type, id, groups: of, scopes }) => ({ ...person(id, of, scopes), type }));

export const request: fc.Arbitrary<AuthorizationRequest> = fc.record({
  principal,
  server: fc.constantFrom(...servers),
  operation,
  context: fc.record(
    {
      now: fc.constantFrom(NOW, NOW + 12 * 3_600_000),
      sourceIp: fc.constantFrom('127.0.0.1', '::ffff:10.1.2.3', '2001:db8::1', 'nonsense'),
      protocolVersion: fc.constantFrom('2026-07-28', '2025-11-25'),
      network: fc.constantFrom({ zone: 'office' }, { zone: '\ud800' }),
      grant: fc.record({
        id: fc.constantFrom('g1', '\udfff'),
        purpose: fc.constantFrom('audit', 'fix'),
        argumentsBound: fc.boolean(),
        approvedBy: fc.constantFrom([], ['bob'], ['bob', 'carol'], ['bob', 'bob']),
      }),
      purpose: fc.constantFrom('audit', 'fix', '\ud800'),
      risk: fc.constantFrom(0, 70, 70.5, 100, 101, -1, Number.NaN),
      device: fc.record({ trusted: fc.boolean() }),
      session: fc.constantFrom({ id: 's', ageSeconds: 30 }, { id: 's', ageSeconds: 0.5 }),
      authentication: fc.record(
        { senderConstrained: fc.boolean(), acr: fc.constantFrom('high', 'low'), ageSeconds: fc.constantFrom(10, 4_000), method: fc.constant('dpop') },
        { requiredKeys: ['senderConstrained'] },
      ),
    },
    { requiredKeys: ['now'] },
  ),
});

const principalScope = fc.constantFrom(
  'principal',
  'principal == Mcp::User::"alice"',
  'principal == Mcp::Agent::"bob"',
  'principal in Mcp::Group::"analysts"',
  'principal in Mcp::Group::"operators"',
  'principal in Mcp::User::"alice"',
  'principal is Mcp::User',
  'principal is Mcp::Agent in Mcp::Group::"auditors"',
);

const actionScope = fc.constantFrom(
  'action',
  'action == Mcp::Action::"files/read"',
  'action == Mcp::Action::"callTool"',
  'action in Mcp::Action::"callTool"',
  'action in Mcp::Action::"discover"',
  'action in [Mcp::Action::"discover", Mcp::Action::"files/read", Mcp::Action::"memory/scan"]',
  'action in [Mcp::Action::"readResource", Mcp::Action::"getPrompt", Mcp::Action::"callTool"]',
  'action in []',
);

const resourceScope = fc.constantFrom(
  'resource',
  'resource == Mcp::Tool::"files/write"',
  'resource == Mcp::Server::"files"',
  'resource in Mcp::Server::"files"',
  'resource in Mcp::Server::"memory"',
  'resource in Mcp::Tool::"files/read"',
  'resource is Mcp::Tool',
  'resource is Mcp::Tool in Mcp::Server::"files"',
);

const term = fc.constantFrom(
  'true',
  'false',
  'resource.readOnly',
  'resource has readOnly && resource.readOnly',
  'resource.server == "files"',
  'resource in Mcp::Server::"files"',
  'resource == Mcp::Tool::"files/read"',
  'resource is Mcp::Tool',
  'resource is Mcp::Tool in Mcp::Server::"memory"',
  'principal in Mcp::Group::"analysts"',
  'principal in [Mcp::Group::"analysts", Mcp::Group::"auditors"]',
  'principal == Mcp::User::"alice"',
  'principal.scopes.contains("write")',
  'principal.scopes.containsAll(["read", "write"])',
  'principal.issuer == "https://issuer.example"',
  'principal has nothing',
  'principal.nothing == 1',
  '[principal, resource].contains(principal)',
  '{"Value": principal.scopes, "Var": 1}["Value"].contains("read")',
  '(if context has protocolVersion then principal else resource) has issuer',
  '(if context has protocolVersion then context else {protocolVersion: "none"}).protocolVersion == "2026-07-28"',
  'Mcp::User::"alice".scopes.contains("read")',
  'Mcp::User::"alice" in Mcp::Group::"analysts"',
  'Mcp::Tool::"files/read" in Mcp::Server::"files"',
  'action in Mcp::Action::"callTool"',
  'action == Mcp::Action::"connect"',
  'context.time.hour < 12',
  'context.time.dayOfWeek == 3',
  'context.time.now < datetime("2026-11-25T12:00:00Z")',
  'context has network.sourceIp && context.network.sourceIp.isInRange(ip("127.0.0.0/8"))',
  'context.network.sourceIp.isIpv4()',
  'context has protocolVersion && context.protocolVersion == "2026-07-28"',
  'context.protocolVersion like "2026-*"',
  'context has reference',
  'context has grant',
  'context has grant && context.grant.argumentsBound',
  'context has grant.purpose && context has purpose && context.grant.purpose == context.purpose',
  'context.grant.approvedBy.contains("bob")',
  'context has grant && context.grant.approvals >= 2',
  'context has risk && context.risk > 70',
  'context.purpose == "audit"',
  'context has purpose && ["audit", "review"].contains(context.purpose)',
  'context.network has zone && context.network.zone == "office"',
  'context has device.trusted && context.device.trusted',
  'context has session && context.session.ageSeconds < 60',
  'context has authentication.acr && context.authentication.acr == "high"',
  'context has authentication && context.authentication.senderConstrained',
  'context.authentication.ageSeconds < 3600',
  'context has arguments',
  'context.arguments has path',
  'context.arguments has path && context.arguments.path like "/reports/*"',
  'context has arguments.path && context.arguments.path like "*..*"',
  'context.arguments.path == "/etc/passwd"',
  'context.arguments has options.force && context.arguments.options.force',
  'context.arguments.options.force',
  'context.arguments.tags.contains("a")',
  'context.arguments.n == 3',
  'context.arguments.n.lessThan(decimal("2.6"))',
  'context.arguments == {path: "/reports/a"}',
  'context.arguments != {path: "/reports/a"}',
  'context == {}',
  '1 + "x" == 2',
);

const condition = fc.oneof(
  term,
  fc.tuple(term, fc.constantFrom('&&', '||'), term).map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
  term.map((inner) => `!(${inner})`),
  fc.tuple(term, term, term).map(([test, yes, no]) => `if ${test} then ${yes} else ${no}`),
);

export const policyText = fc
  .tuple(
    fc.constantFrom('permit', 'permit', 'permit', 'forbid'),
    principalScope,
    actionScope,
    resourceScope,
    fc.array(fc.tuple(fc.constantFrom('when', 'unless'), condition), { maxLength: 2 }),
  )
  .map(
    ([effect, ...rest]) =>
      `${effect}(${rest.slice(0, 3).join(', ')}) ${(rest[3] as [string, string][]).map(([kind, body]) => `${kind} { ${body} }`).join(' ')};`,
  );

/** Policies by id. */
export const policies = fc
  .array(policyText, { maxLength: 8 })
  .map((texts): Readonly<Record<string, string>> => Object.fromEntries(texts.map((text, index) => [`p${index}`, text])));
