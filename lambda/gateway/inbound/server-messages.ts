import { isNotification, isRequest, type JsonObject, type JsonRpcMessage, type JsonValue, type LegacyRevision, type Revision } from '../../protocol';
import { logLevel } from './client-messages';
import {
  absent,
  anyObject,
  anyText,
  integer,
  list,
  number,
  object,
  oneOf,
  oneOrMore,
  optional,
  present,
  record,
  text,
  textOrInteger,
  uri,
  variant,
  type Mismatch,
  type Shape,
} from './shape';

const params = (fields: Readonly<Record<string, Shape>>): Shape => object({ _meta: optional(anyObject), ...fields });
const noParams = optional(params({}));
const noTask = { task: absent('tasks are not served') };

const sample = object({ role: oneOf('user', 'assistant'), content: oneOrMore(object({ type: anyText })) });
const createMessage = params({
  messages: list(sample),
  maxTokens: integer,
  systemPrompt: optional(anyText),
  includeContext: optional(oneOf('none', 'thisServer', 'allServers')),
  temperature: optional(number),
  stopSequences: optional(list(anyText)),
  modelPreferences: optional(anyObject),
  metadata: optional(anyObject),
  tools: optional(list(object({ name: anyText, inputSchema: anyObject }))),
  toolChoice: optional(anyObject),
  ...noTask,
});

const form = params({
  message: anyText,
  requestedSchema: object({ type: oneOf('object'), properties: record(anyObject), required: optional(list(anyText)) }),
  ...noTask,
});
const elicitByUrl = (elicitationId: Shape): Shape => params({ message: anyText, url: uri(8192), elicitationId, ...noTask });
const elicit = (elicitationId: Shape): Shape => variant('mode', { form, url: elicitByUrl(elicitationId) }, form);

const basicRequests: Readonly<Record<string, Shape>> = { ping: noParams, 'roots/list': noParams, 'sampling/createMessage': createMessage };
const REQUESTS: Readonly<Record<LegacyRevision, ReadonlyMap<string, Shape>>> = {
  '2024-11-05': new Map(Object.entries(basicRequests)),
  '2025-03-26': new Map(Object.entries(basicRequests)),
  '2025-06-18': new Map(Object.entries({ ...basicRequests, 'elicitation/create': form })),
  '2025-11-25': new Map(Object.entries({ ...basicRequests, 'elicitation/create': elicit(anyText) })),
};

const basicNotifications: Readonly<Record<string, Shape>> = {
  'notifications/cancelled': params({ requestId: optional(textOrInteger), reason: optional(anyText) }),
  'notifications/progress': params({ progressToken: textOrInteger, progress: number, total: optional(number), message: optional(anyText) }),
  'notifications/message': params({ level: logLevel, logger: optional(anyText), data: present }),
  'notifications/resources/updated': params({ uri: text(8192) }),
  'notifications/resources/list_changed': noParams,
  'notifications/tools/list_changed': noParams,
  'notifications/prompts/list_changed': noParams,
};
const legacyNotifications = new Map(Object.entries(basicNotifications));
const NOTIFICATIONS: Readonly<Record<Revision, ReadonlyMap<string, Shape>>> = {
  '2024-11-05': legacyNotifications,
  '2025-03-26': legacyNotifications,
  '2025-06-18': legacyNotifications,
  '2025-11-25': new Map(Object.entries({ ...basicNotifications, 'notifications/elicitation/complete': params({ elicitationId: anyText }) })),
  '2026-07-28': new Map(Object.entries({ ...basicNotifications, 'notifications/subscriptions/acknowledged': params({ notifications: anyObject }) })),
};

/**
 * What is wrong with a message from an upstream server in `revision`, in a sentence that names no value; `undefined`
 * where nothing is (GW-1). Answers are right in any shape here: only the request they answer says what they must hold.
 */
export function checkServerMessage(message: JsonRpcMessage, revision: Revision): string | undefined {
  if (isRequest(message)) {
    if (revision === '2026-07-28') return 'a server must not send requests in 2026-07-28';
    return problem(REQUESTS[revision].get(message.method), message.params, 'request');
  }
  if (isNotification(message)) return problem(NOTIFICATIONS[revision].get(message.method), message.params, 'notification');
  return undefined;
}

const inputRequest = variant('method', {
  'sampling/createMessage': object({ params: createMessage }),
  'elicitation/create': object({ params: elicit(optional(anyText)) }),
  'roots/list': object({ params: noParams }),
});
const inputRequests = record(inputRequest);

/** What is wrong with the `inputRequests` of an `input_required` result (MCP 2026-07-28, multi round-trip requests). */
export function checkInputRequests(value: JsonValue | undefined): string | undefined {
  return sentence(optional(inputRequests)(value, 'inputRequests'));
}

const ANSWERS: Readonly<Record<string, Shape>> = {
  'roots/list': object({ roots: list(object({ uri: text(8192), name: optional(anyText) })) }),
  'elicitation/create': object({ action: oneOf('accept', 'decline', 'cancel') }),
  'sampling/createMessage': object({ role: oneOf('user', 'assistant'), content: oneOrMore(object({ type: anyText })), model: anyText }),
  ping: anyObject,
};

/** What is wrong with a client's `result` for a request of the server by `method`; `undefined` where nothing is (GW-1). */
export function checkAnswer(method: string, result: JsonObject): string | undefined {
  const shape = Object.hasOwn(ANSWERS, method) ? ANSWERS[method] : undefined;
  return shape === undefined ? 'no answer is expected to this method' : sentence(shape(result, 'result'));
}

function problem(shape: Shape | undefined, value: JsonObject | undefined, kind: string): string | undefined {
  return shape === undefined ? `unknown ${kind}` : sentence(shape(value, 'params'));
}

function sentence(mismatch: Mismatch | undefined): string | undefined {
  return mismatch === undefined ? undefined : `${mismatch.path}: expected ${mismatch.expected}`;
}
