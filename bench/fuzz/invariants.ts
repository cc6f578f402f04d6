/** What must hold whatever a client or a server sends. Each check throws an error that says what did not. */
import { JSONRPCMessageSchema } from '@modelcontextprotocol/core';
import { GatewayErrorCode } from '../../lambda/protocol';
import type { Arrival } from './fake-servers';
import { at } from './loose';
import { whyForbidden } from './policies';
import { fits } from './fits';
import { noteOpened, ownerOf, whyStreamNotAllowed } from './sessions';
import { httpEvents, type Observed } from './subject';
import type { WireAnswer, WireRequest } from './wire';

/** Marks argument values. Nothing but the server that the call is for may see it. */
export const VALUE_CANARY = 'canary-value-7f3a';
/** Marks tokens. Nobody may see it. */
export const TOKEN_CANARY = 'canary-token-91bd';

/** A few requests of a client must not become a flood; a list may have 100 pages. */
const MAX_ARRIVALS = 250;

/** Statuses that the gateway answers itself. */
const STATUSES: ReadonlySet<number> = new Set([200, 202, 204, 400, 401, 403, 404, 405, 406, 413, 415, 429, 503]);

function violated(what: string): never {
  throw new Error(what);
}

/** Nothing failed on the way, and every request has one audit event, every message of a batch too (LOG-1). */
export function checkRecord(observed: Observed, batchSizes: readonly number[] = []): void {
  const [fault] = observed.faults;
  if (fault !== undefined) violated(fault);
  const requests = httpEvents(observed).length;
  if (requests !== observed.calls) violated(`${observed.calls} requests left ${requests} audit events`);
  const inBatches = observed.events.length - requests;
  const expected = batchSizes.reduce((sum, size) => sum + size, 0);
  if (inBatches !== expected) violated(`${expected} messages in batches left ${inBatches} audit events`);
  for (const event of observed.events) {
    if (event.reason === 'internal_error') violated(`a request ended as an internal error: ${JSON.stringify(event)}`);
  }
}

/**
 * The security property: all that reached a server was allowed by a decision on exactly that, one decision for one
 * message; and by the policies as plain code. Nothing that only the gateway may know came along (IAM-3).
 */
export function checkArrivals(observed: Observed): void {
  if (observed.arrivals.length > MAX_ARRIVALS) violated(`${observed.calls} requests made the gateway send ${observed.arrivals.length} messages`);
  for (const arrival of observed.arrivals) {
    const message: unknown = arrival.text === '' ? undefined : JSON.parse(arrival.text);
    const problem = whyForbidden(message) ?? whyNotAllowed(arrival, message, observed);
    noteOpened(arrival, observed);
    if (problem !== undefined) violated(`reached the server ${arrival.server} and must not: ${problem}: ${arrival.httpMethod} ${arrival.text.slice(0, 1_000)}`);
    if (JSON.stringify(arrival.headers).includes(TOKEN_CANARY) || arrival.text.includes(TOKEN_CANARY)) violated(`the client's token reached the server ${arrival.server}`);
  }
}

function whyNotAllowed(arrival: Arrival, message: unknown, observed: Observed): string | undefined {
  const { server, refused, text } = arrival;
  if (refused) return undefined;
  if (arrival.httpMethod === 'GET') return whyStreamNotAllowed(arrival, observed);
  if (isGatewaysOwn(server, message)) return withoutCapabilities(text).includes(VALUE_CANARY) ? "the gateway's own request holds an argument" : undefined;
  const owner = ownerOf(arrival, observed);
  const fitting = observed.allowed.filter((decision) => decision.server === server && (owner === undefined || owner.principals.has(decision.principal)) && fits(decision, message));
  const unused = fitting.find(({ uses }) => uses === 0);
  if (unused !== undefined) {
    unused.uses += 1;
    return undefined;
  }
  // The call goes on with the client's answers; nothing else of it may have changed.
  if (fitting.length > 0 && at(message, 'params', 'inputResponses') !== undefined) return undefined;
  return fitting.length === 0 ? 'no decision allowed it' : 'more of them than decisions';
}

const OWN_METHODS: ReadonlySet<string> = new Set(['initialize', 'server/discover', 'tools/list', 'logging/setLevel', 'subscriptions/listen', 'resources/unsubscribe']);

/** What the gateway asks in its own name: which tools there are, and what the server is. */
function isGatewaysOwn(server: string, message: unknown): boolean {
  const method = at(message, 'method');
  const params = at(message, 'params');
  if (method === 'notifications/initialized') return true;
  if (String(at(message, 'id')).startsWith('mzt-') && OWN_METHODS.has(String(method))) return true;
  // Answers to questions of the server's that no client has to answer: a ping, or what no client can.
  if (method === undefined && /^(the client (does not answer|did not answer)|no client is there that answers)/.test(String(at(message, 'error', 'message')))) return true;
  if (method === undefined && JSON.stringify(at(message, 'result')) === '{}') return true;
  if (method === 'notifications/cancelled' && /^given up by the (gateway|client)$/.test(String(at(params, 'reason')))) return true;
  if (server !== 'stdio') return false;
  return method === 'initialize' || method === 'server/discover' || method === 'logging/setLevel' || (method === 'tools/list' && Object.keys(params ?? {}).every((key) => key === 'cursor'));
}

/** What a client can do is told to a server whatever else is decided; it is no argument. */
function withoutCapabilities(text: string): string {
  return JSON.stringify(JSON.parse(text), (key, value: unknown) => (/capabilities$/i.test(key) ? undefined : value));
}

export interface Expected {
  /** Ids that the answer may have; absent where none could be read of the request. */
  readonly ids: readonly unknown[];
  readonly era: 'modern' | 'legacy' | 'unknown';
  /** The server behind it may fail: then HTTP 502 with our own error is an answer, too. */
  readonly failing?: boolean;
}

/** The answer is HTTP and JSON-RPC as the era wants it, with the request's id. */
export function checkAnswer(answer: WireAnswer, { ids, era, failing = false }: Expected): void {
  const { status, headers, text } = answer;
  const type = headers.get('content-type');
  if (!STATUSES.has(status) && !(failing && status === 502)) violated(`answered with HTTP ${status}`);
  if (type === 'text/event-stream') return checkStream(text, ids, era);
  if (text === '') {
    if (status === 200) violated('answered with HTTP 200 and nothing');
    return;
  }
  if (type !== 'application/json') violated(`answered with the media type ${type}`);
  const value = parse(text);
  if (Array.isArray(value)) return value.forEach((element) => checkResponse(element, ids, era));
  if (status === 502 || status === 503) {
    const code = at(value, 'error', 'code');
    if (!Object.values<unknown>(GatewayErrorCode).includes(code)) violated(`answered with HTTP ${status} and an error that is not ours`);
  }
  // Beside the endpoints there are other documents.
  if (typeof at(value, 'error') === 'string' ? status === 404 || status === 405 : 'resource' in (value as object)) return;
  checkResponse(value, status === 200 ? ids : [...ids, undefined], era);
}

function checkStream(text: string, ids: readonly unknown[], era: Expected['era']): void {
  if (text !== '' && !text.endsWith('\n\n')) violated('a stream ended within an event');
  const messages = text.split('\n\n').flatMap((event) => {
    const data = event.split('\n').filter((line) => line.startsWith('data: ') && line !== 'data: ');
    if (data.length > 1) violated('an event has two lines of data');
    return data.map((line) => parse(line.slice('data: '.length)));
  });
  for (const message of messages) if ('method' in (message as object)) checkEnvelope(message);
  messages.filter((message) => !('method' in (message as object))).forEach((message) => checkResponse(message, ids, era));
}

function checkResponse(value: unknown, ids: readonly unknown[], era: Expected['era']): void {
  checkEnvelope(value);
  const [id, result, error] = [at(value, 'id'), at(value, 'result'), at(value, 'error')];
  if ((result === undefined) === (error === undefined)) violated(`not a response: ${JSON.stringify(value)}`);
  if (!ids.includes(id)) violated(`the answer has the id ${JSON.stringify(id)}, expected ${ids.map((known) => JSON.stringify(known)).join(' or ')}: ${JSON.stringify(value).slice(0, 300)}`);
  if (era === 'modern' && result !== undefined && typeof at(result, 'resultType') !== 'string') violated('a result of 2026-07-28 has no resultType');
}

function checkEnvelope(value: unknown): void {
  const error = at(value, 'error');
  // A response whose request could not be read has no id.
  const whole = error !== undefined && !('id' in (value as object)) ? { ...(value as object), id: 0 } : value;
  if (!JSONRPCMessageSchema.safeParse(whole).success) violated(`not a JSON-RPC message: ${JSON.stringify(value).slice(0, 500)}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return violated(`not JSON: ${text.slice(0, 300)}`);
  }
}

/** No token is in an answer or an event, and no argument in an error or an event. */
export function checkSecrets(observed: Observed, sent: readonly WireRequest[], answers: readonly WireAnswer[]): void {
  const events = JSON.stringify(observed.events);
  if (events.includes(TOKEN_CANARY)) violated(`an audit event holds the token: ${events}`);
  for (const { text, headers } of answers) {
    if (text.includes(TOKEN_CANARY) || JSON.stringify([...headers]).includes(TOKEN_CANARY)) violated('an answer holds the token');
  }
  if (!sent.every(keepsToArguments)) return;
  if (events.includes(VALUE_CANARY)) violated(`an audit event holds an argument: ${events}`);
  const errors = JSON.stringify(answers.flatMap(({ text }) => errorsIn(text)));
  if (errors.includes(VALUE_CANARY)) violated(`an error repeats an argument: ${errors}`);
}

/** The errors in an answer, be it JSON or a stream, and the results that stand for one. */
function errorsIn(text: string): readonly unknown[] {
  const messages = text.startsWith('{') || text.startsWith('[') ? [parse(text)].flat() : text.split('\n').filter((line) => line.startsWith('data: {')).map((line) => parse(line.slice('data: '.length)));
  return messages.map((message) => at(message, 'error') ?? (at(message, 'result', 'isError') === true ? message : undefined));
}

/** Whether the value canary is nowhere but in arguments: a mutation may have moved it to a name, which is no secret. */
function keepsToArguments({ headers, body }: WireRequest): boolean {
  if (headers.some(([, value]) => value.includes(VALUE_CANARY))) return false;
  if (body === undefined) return true;
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return [value].flat().every((message: unknown) => !JSON.stringify({ ...(message as object), params: { ...(at(message, 'params') as object), arguments: undefined, inputResponses: undefined, requestState: undefined } }).includes(VALUE_CANARY));
  } catch {
    return true;
  }
}
