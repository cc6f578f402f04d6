/** Valid requests of both eras, and what a client may get wrong in them. */
import * as fc from 'fast-check';
import { MetaKey } from '../../lambda/protocol';
import { encodeHeaderValue } from '../../lambda/gateway/inbound/header-value';
import { TOKEN_CANARY, VALUE_CANARY } from './invariants';
import { at } from './loose';
import { byteMutation, mutate, mutateBytes, treeMutation, type ByteMutation, type TreeMutation } from './mutated-json';
import type { PRINCIPALS } from './policies';
import type { WireRequest } from './wire';

export type Principal = (typeof PRINCIPALS)[number];
type Params = Readonly<Record<string, unknown>>;

/** A message before it is dressed for an era. */
export interface Message {
  readonly method: string;
  readonly params: Params;
}

const value = fc.constantFrom<unknown>(VALUE_CANARY, 'x', '', 'e\u0301', '\u202e', '\ud83d\ude00', 'line\nline', 1, 0, -1, 50, 101, true, null, [], ['a'], {}, { a: { b: VALUE_CANARY } });
const path = fc.constantFrom('home/a', `home/${VALUE_CANARY}`, 'home/../etc', '/etc/passwd', 'home/..%2f', 'home/\u2025/x', 'HOME/a', 'home\\..\\x', '');
const toolArguments = fc.record({ path, text: value, count: value, list: value, more: value, region: value, level: value }, { requiredKeys: [] });
const tool = fc.constantFrom('echo', 'echo', 'write', 'write', 'open', 'ask', 'routed', 'secret', 'unknown', 'Write', 'write ', '__proto__', 'constructor');
const uri = fc.constantFrom('file:///home/a', 'file:///secret/b', 'FILE:///secret/b', 'file:///home/../secret/b', 'x:y', 'not a uri');
const cursor = fc.constantFrom('', 'next', 'a'.repeat(70_000), '\u0000');
const level = fc.constantFrom('debug', 'error', 'nonsense');

/** What may be asked for in either era. */
export const message: fc.Arbitrary<Message> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ method: fc.constant('tools/call'), params: fc.record({ name: tool, arguments: toolArguments }, { requiredKeys: ['name'] }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      method: fc.constant('tools/call'),
      params: fc.record({ name: tool, arguments: toolArguments, requestState: fc.constantFrom('forged', 'state-of-the-server', ''), inputResponses: fc.constantFrom({}, { sure: { action: 'accept', content: {} } }, { question: { action: 'accept' } }) }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      method: fc.constantFrom('tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'),
      params: fc.record({ cursor }, { requiredKeys: [] }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ method: fc.constant('prompts/get'), params: fc.record({ name: fc.constantFrom('greet', 'hidden', ''), arguments: fc.constantFrom({}, { who: VALUE_CANARY }, { n: 1 }) }, { requiredKeys: ['name'] }) }) },
  { weight: 2, arbitrary: fc.record({ method: fc.constantFrom('resources/read', 'resources/subscribe', 'resources/unsubscribe'), params: fc.record({ uri }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      method: fc.constant('completion/complete'),
      params: fc.record({ ref: fc.constantFrom({ type: 'ref/prompt', name: 'greet' }, { type: 'ref/resource', uri: 'file:///home/{name}' }), argument: fc.constant({ name: 'who', value: 'x' }) }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ method: fc.constant('logging/setLevel'), params: fc.record({ level }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ method: fc.constant('subscriptions/listen'), params: fc.record({ notifications: fc.constantFrom({}, { toolsListChanged: true }, { resourceSubscriptions: ['file:///home/a'] }, { resourceSubscriptions: ['file:///secret/b'] }) }) }),
  },
  { weight: 1, arbitrary: fc.record({ method: fc.constantFrom('ping', 'server/discover', 'tasks/get', 'unknown/method', 'notifications/cancelled', 'sampling/createMessage', 'initialize'), params: fc.constantFrom({}, { requestId: 1 }) }) },
);

export const requestId = fc.oneof(fc.constantFrom<string | number>(1, 0, -1, 'a', '', 'x'.repeat(256)), fc.integer(), fc.string({ maxLength: 10 }));

/** Changes that turn a valid request into one that is not. Most have few: those get furthest. */
export const damage = fc.record({
  tree: fc.oneof({ weight: 2, arbitrary: fc.constant<TreeMutation[]>([]) }, { weight: 5, arbitrary: fc.array(treeMutation, { minLength: 1, maxLength: 3 }) }),
  bytes: fc.oneof({ weight: 8, arbitrary: fc.constant<ByteMutation[]>([]) }, { weight: 2, arbitrary: fc.array(byteMutation, { minLength: 1, maxLength: 2 }) }),
});
export type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

const headerName = fc.constantFrom('mcp-method', 'mcp-name', 'mcp-protocol-version', 'mcp-session-id', 'mcp-param-region', 'mcp-param-level', 'content-type', 'accept', 'content-encoding', 'origin', 'host', 'authorization', 'last-event-id', 'traceparent', 'tracestate', 'content-length', 'x-forwarded-for');
const headerValue = fc.oneof(
  fc.constantFrom(
    'tools/call', 'TOOLS/CALL', 'tools/list', 'write', 'echo', ' echo\t', '=?base64?d3JpdGU=?=', '=?base64?ZWNobw==?=', '=?base64??=', '=?base64?ZWNobw?=', '=?BASE64?ZWNobw==?=', '=?base64?/w==?=',
    '2026-07-28', '2025-11-25', '2025-03-26', '2099-01-01', '1', '', 'application/json; charset=utf-8', 'application/json, text/plain', 'text/plain', '*/*;q=0', 'gzip', 'null', 'https://evil.example', 'https://app.example',
    'evil.example', '127.0.0.1', `Bearer alice.${TOKEN_CANARY}`, 'Bearer', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'a=b,a=b', '-1', '1e3', 'eu', '50', '5e1',
  ),
  fc.string({ maxLength: 12 }),
  fc.constantFrom(100, 3_000, 70_000).map((length) => 'v'.repeat(length)),
);
export type HeaderMutation = { readonly op: 'drop' | 'set' | 'append' | 'odd case'; readonly name: string; readonly value: string };
export const headerMutation: fc.Arbitrary<HeaderMutation> = fc.record({ op: fc.constantFrom('drop', 'set', 'append', 'odd case'), name: headerName, value: headerValue });
export const headerDamage = fc.oneof({ weight: 5, arbitrary: fc.constant<HeaderMutation[]>([]) }, { weight: 3, arbitrary: fc.array(headerMutation, { minLength: 1, maxLength: 2 }) });

export function mutateHeaders(headers: WireRequest['headers'], mutations: readonly HeaderMutation[]): WireRequest['headers'] {
  let changed = [...headers];
  for (const { op, name, value } of mutations) {
    if (op === 'odd case') changed = changed.map(([key, old]) => (key === name ? ([key.toUpperCase(), `  ${old}\t`] as const) : ([key, old] as const)));
    else {
      if (op !== 'append') changed = changed.filter(([key]) => key !== name);
      if (op !== 'drop') changed.push([name, value]);
    }
  }
  return changed;
}

export interface Dressed {
  readonly principal: Principal;
  readonly server: string;
  readonly message: Message;
  /** `undefined` for a notification. */
  readonly id: string | number | undefined;
  readonly damage: Damage;
  readonly headers: readonly HeaderMutation[];
}

const NAMED_BY: Readonly<Record<string, string>> = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri' };
/** Capabilities with elicitation, so that servers may ask. */
export const CAPABILITIES = { elicitation: { form: {} } };

export function baseHeaders(principal: Principal): [string, string][] {
  return [
    ['authorization', `Bearer ${principal}.${TOKEN_CANARY}`],
    ['content-type', 'application/json'],
    ['accept', 'application/json, text/event-stream'],
  ];
}

/** The request of 2026-07-28, then damaged. Headers repeat what the undamaged body says. */
export function dressModern({ principal, server, message: { method, params }, id, damage: { tree, bytes }, headers }: Dressed): WireRequest {
  const _meta = { [MetaKey.PROTOCOL_VERSION]: '2026-07-28', [MetaKey.CLIENT_CAPABILITIES]: CAPABILITIES };
  const own = baseHeaders(principal);
  own.push(['mcp-protocol-version', '2026-07-28'], ['mcp-method', method]);
  const name = params[NAMED_BY[method] ?? ''];
  if (typeof name === 'string') own.push(['mcp-name', encodeHeaderValue(name)]);
  const { region, level } = (params.arguments ?? {}) as Params;
  if (params.name === 'routed' && typeof region === 'string') own.push(['mcp-param-region', encodeHeaderValue(region)]);
  if (params.name === 'routed' && typeof level === 'number') own.push(['mcp-param-level', String(level)]);
  const text = mutate({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }, tree);
  return { method: 'POST', path: `/mcp/${server}`, headers: mutateHeaders(own, headers), body: mutateBytes(text, bytes) };
}

/** The request within a session of an older revision, then damaged. */
export function dressLegacy({ principal, server, message: { method, params }, id, damage: { tree, bytes }, headers }: Dressed, session: string, version: string): WireRequest {
  const own = [...baseHeaders(principal), ['mcp-session-id', session] as const, ['mcp-protocol-version', version] as const];
  const text = mutate({ jsonrpc: '2.0', id, method, params }, tree);
  return { method: 'POST', path: `/mcp/${server}`, headers: mutateHeaders(own, headers), body: mutateBytes(text, bytes) };
}

export function initialize(principal: Principal, server: string, protocolVersion: string): WireRequest {
  const params = { protocolVersion, capabilities: CAPABILITIES, clientInfo: { name: 'fuzz', version: '1' } };
  return { method: 'POST', path: `/mcp/${server}`, headers: baseHeaders(principal), body: mutateBytes(JSON.stringify({ jsonrpc: '2.0', id: 'init', method: 'initialize', params }), []) };
}

/** The ids that an answer to `body` may have. */
export function idsOf(body: Uint8Array | undefined): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
    return [value].flat().map((one: unknown) => at(one, 'id'));
  } catch {
    return [];
  }
}
