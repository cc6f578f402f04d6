import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../../lambda/local/config/load';

const folder = mkdtempSync(join(tmpdir(), 'guard-'));
writeFileSync(join(folder, 'own.json'), JSON.stringify({ recognisers: [{ id: 'employee-id', anchors: ['EMP-'], pattern: 'EMP-\\d{6}' }] }));
const read = (guard: unknown) => readConfig(join(folder, 'gateway.json'), JSON.stringify({ mcpServers: { crm: { command: 'crm', guard } } }), {});
const caller = { principalKey: 'a', groups: [], requestId: 'r' };

it('IOV-8 a server has the guard that its entry describes, with recognisers beside the file', async () => {
  const [server] = read({ results: { dataClasses: { custom: 'block' } }, recognisers: ['own.json'] }).servers;
  expect(await server!.guard!.guardResult({ content: [{ type: 'text', text: 'EMP-123456' }] }, 't', caller)).toMatchObject({ ok: false, reason: 'custom/employee-id' });
});

it('has none where it names none, and all defaults where it names nothing of it', async () => {
  expect(readConfig(join(folder, 'gateway.json'), '{"mcpServers": {"crm": {"command": "crm"}}}', {}).servers[0]!.guard).toBeUndefined();
  expect(await read({}).servers[0]!.guard!.guardResult({ content: [{ type: 'text', text: 'AKIAIOSFODNN7EXAMPLE' }] }, 't', caller)).toMatchObject({ findings: [{ action: 'redacted' }] });
});

it('IOV-8 its rules in Cedar are enforced', async () => {
  const [server] = read({ arguments: { tools: { refund: { rules: '@id("small") forbid (principal, action, resource) when { context.arguments.amount > 100 };' } } } }).servers;
  const refund = { name: 'refund', inputSchema: { type: 'object' as const, properties: { amount: { type: 'integer' } }, required: ['amount'] } };
  expect(await server!.guard!.checkArguments(refund, { amount: 100 }, caller)).toMatchObject({ ok: true });
  expect(await server!.guard!.checkArguments(refund, { amount: 101 }, caller)).toMatchObject({ ok: false, problems: [{ message: 'must keep the rule "small"' }] });
});

it.each([
  ['a misspelt key', { results: { dataClases: {} } }, /unknown key, did you mean "dataClasses"/],
  ['an action that there is none of', { results: { dataClasses: { secret: 'hide' } } }, /expected "allow", "redact" or "block"/],
  ['a schema that cannot be enforced', { arguments: { schema: { $ref: 'https://example.com/x' } } }, /refers to something outside itself/],
  ['rules in Cedar that are none', { arguments: { tools: { refund: { rules: 'permit (principal, action, resource);' } } } }, /a rule forbids/],
  ['a file that is not there', { recognisers: ['missing.json'] }, /missing\.json cannot be used: ENOENT/],
  ['a DLP service in the clear', { dlp: { kind: 'http', url: 'http://dlp.example.com' } }, /must be https/],
])('says what is wrong with %s', (_what, guard, message) => {
  expect(() => read(guard)).toThrow(message);
});
