import { createCedarDecisionPoint } from '../../lambda/authorization/cedar-decision-point';
import type { UpstreamCredentials } from '../../lambda/credentials';
import { createGrantDesk, createKillSwitch, type Grant, type GrantDesk, type GrantEvent } from '../../lambda/grants';
import type { GatewayOptions } from '../../lambda/gateway';
import { principalId, type Principal } from '../../lambda/identity';
import type { JsonObject } from '../../lambda/protocol';
import { openMemoryTable, type LocalTable } from '../../lambda/stores/local-table';
import { modernServer, startUpstream, type FakeUpstream, type Respond } from '../gateway/fixtures/upstream';
import { startHarness, type Harness } from '../gateway/harness';
import { cedarAuthority, POLICIES } from './fixtures';

export const bob: Principal = { type: 'User', id: principalId('bob'), groups: [], scopes: [], issuer: 'test' };
export const READ = { name: 'read', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };
export const WIPE = { name: 'wipe', inputSchema: { type: 'object', properties: { table: { type: 'string' } } } };
export const SECRET = { name: 'secret', inputSchema: { type: 'object' } };
export const TOOLS = [READ, WIPE, SECRET];

export const CALLS = {
  connect: 'permit (principal, action in Mcp::Action::"discover", resource);',
  read: 'permit (principal, action in Mcp::Action::"callTool", resource) when { resource.readOnly };',
  wipe: 'permit (principal, action == Mcp::Action::"memory/wipe", resource) when { context has grant };',
};
export const ANYONE_ASKS = { ask: 'permit (principal == Mcp::User::"bob", action == Mcp::Action::"requestGrant", resource);' };

export const URL_CLIENT: JsonObject = { elicitation: { url: {} } };

export interface Instance {
  readonly harness: Harness;
  readonly desk: GrantDesk;
}

/** Of the test that runs. */
export let table: LocalTable;
export let upstream: FakeUpstream;
let onCall: Respond;
export let events: GrantEvent[];
const started: Instance[] = [];

beforeAll(async () => {
  table = await openMemoryTable();
});
afterAll(() => table.close());

beforeEach(async () => {
  events = [];
  onCall = () => undefined;
  upstream = await startUpstream(modernServer(TOOLS, (received, response) => (received.message.method === 'tools/call' ? onCall(received, response) : undefined)));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map(({ harness }) => harness.close()));
  await upstream.close();
});

interface StartOptions {
  readonly policies?: Record<string, string>;
  readonly waitMs?: number;
  readonly url?: string;
  readonly gateway?: Partial<GatewayOptions>;
  readonly credentials?: UpstreamCredentials;
}

/** One instance of the gateway; all of them share the table. Every test has a server of its own name, so that tests share no grants. */
export let server = 'memory';
export function start({ policies = {}, waitMs = 0, url = upstream.url, gateway = {}, credentials }: StartOptions = {}): Instance {
  const all = { ...POLICIES, ...CALLS, ...ANYONE_ASKS, ...policies };
  const authority = cedarAuthority(all, [server]);
  const desk = createGrantDesk({ store: table.store, authority, limits: { maxWaiting: 1_000 }, onEvent: (event) => void events.push(event) });
  const killSwitch = createKillSwitch({ marks: desk.marks, refreshMs: 100 });
  const harness = startHarness([{ name: server, upstream: { kind: 'http', url, headers: {} }, credentials }], {
    decisionPoint: createCedarDecisionPoint({ policies: all }),
    grants: { desk, killSwitch, waitMs, approvalUrl: (id) => `https://gateway.example/approvals/${id}` },
    ...gateway,
  });
  const instance = { harness, desk };
  started.push(instance);
  return instance;
}

export const wipe = ({ harness }: Instance, args: object = { table: 'x' }, more: JsonObject = {}, capabilities: JsonObject = {}, principal = 'bob') =>
  harness.modern(server, 'tools/call', { name: 'wipe', arguments: args as JsonObject, ...more }, { principal, capabilities });
export const received = () => upstream.received.filter(({ message }) => message?.method === 'tools/call');
export const waiting = async (instance: Instance): Promise<Grant> => (await instance.desk.list(bob)).find((grant) => grant.state === 'requested' && grant.terms.server === server)!;

let number = 0;
beforeEach(() => {
  number += 1;
  server = `memory-${number}`;
  CALLS.wipe = `permit (principal, action == Mcp::Action::"${server}/wipe", resource) when { context has grant };`;
});

/** What the server answers to a call of a tool from now on. */
export function answerCalls(respond: Respond): void {
  onCall = respond;
}
