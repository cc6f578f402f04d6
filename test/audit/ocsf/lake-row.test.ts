import { LAKE_TABLES, lakeRow, toOcsf, type OcsfEvent } from '../../../lambda/audit';
import { eventWith } from '../events';

/** Whether a value of JSON is of a type of AWS Glue, with no member that the type lacks: Data Firehose drops what has no column. */
function isOf(value: unknown, type: string): boolean {
  const [, kind, inner] = /^(struct|array|map)<(.*)>$/.exec(type) ?? [];
  if (kind === 'array') return Array.isArray(value) && value.every((one) => isOf(one, inner!));
  if (kind === 'map') return typeof value === 'object' && value !== null && Object.values(value).every((one) => isOf(one, inner!.slice(inner!.indexOf(',') + 1)));
  if (kind === 'struct') {
    const members = new Map(split(inner!).map((member) => [member.slice(0, member.indexOf(':')), member.slice(member.indexOf(':') + 1)]));
    return typeof value === 'object' && value !== null && Object.entries(value).every(([name, one]) => members.has(name) && isOf(one, members.get(name)!));
  }
  if (type === 'string') return typeof value === 'string';
  return Number.isInteger(value) && (type === 'bigint' || (type === 'int' && Math.abs(value as number) < 2 ** 31));
}

/** At commas that are in no brackets. */
function split(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    depth += character === '<' ? 1 : character === '>' ? -1 : 0;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

const by = { type: 'User', id: 'carol', issuer: 'i' };
const at = { time: '2026-11-22T12:00:00Z' };
const LINES: [string, Record<string, unknown>][] = [
  ['a request', eventWith({ protocolVersion: '2026-07-28', sourceIp: '192.0.2.1', argumentsDigest: 'd', upstreamStatus: 200, notes: ['n'] }) as never],
  ['a request of nobody', eventWith({ principal: undefined, server: undefined, method: undefined, target: undefined, reason: undefined, policyIds: [], sourceIp: undefined }) as never],
  ['a request of an agent', eventWith({ principal: { type: 'Agent', id: 'bot', issuer: 'i' }, decision: 'allow' }) as never],
  ['a grant', { ...at, kind: 'grant', action: 'approved', grant: 'g1', principal: { type: 'User', id: 'bob', issuer: 'i' }, by, server: 'memory', tool: 'delete', why: 'checked' }],
  ['the kill switch', { ...at, kind: 'kill_switch', action: 'blocked', target: { kind: 'server', server: 'a' }, by, why: 'w' }],
  ['a tool', { ...at, kind: 'tool', subject: 'a/b', action: 'quarantine', from: 'approved', to: 'quarantined', by: 'gateway', why: 'it changed', pin: 'p', revision: 3 }],
  ['a detection', { ...at, kind: 'detection', signal: 'loop', principal: '["i","Agent","bot"]', sourceIp: '192.0.2.1', server: 'a', tool: 'b', risk: 80, signals: ['loop'], why: 'w' }],
  ['a step of a response', { ...at, kind: 'response', incident: 'inc-0123456789abcdef', incidentKind: 'exfiltration', severity: 'high', number: 1, action: 'block_principal', subject: 'principal User bob of i', state: 'applied', by: 'incident-response', outcome: 'its calls are refused' }],
];

test.each(LINES)('ENT-2 %s is a row of the columns of its class', (_, line) => {
  const row = lakeRow(toOcsf(line)!);
  const { columns } = LAKE_TABLES[(row as { class_uid: OcsfEvent['class_uid'] }).class_uid];
  expect(Object.entries(JSON.parse(JSON.stringify(row))).filter(([name, value]) => columns[name] === undefined || !isOf(value, columns[name]!))).toEqual([]);
});

test('ENT-2 each class is a source of its own', () => {
  expect(Object.values(LAKE_TABLES).map(({ name }) => name)).toEqual(['detection-finding', 'incident-finding', 'authorize-session', 'api-activity']);
});
