import { ErrorCode, isNotification, isRequest, MetaKey, type JsonRpcMessage, type Revision } from '../../protocol';
import { refuse, type Refusal } from './refusal';
import { absent, anyObject, anyText, flag, list, number, object, oneOf, optional, record, text, textOrInteger, uri, variant, type Shape } from './shape';

/** Longest names and URIs; they are the targets of policies and audit events. */
const name = text(256);
const target = uri(8192);
const cursor = text(65_536);

export const logLevel = oneOf('debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency');

export const implementation = object({ name: anyText, version: anyText, title: optional(anyText) });

export const clientCapabilities = object({
  experimental: optional(record(anyObject)),
  extensions: optional(record(anyObject)),
  roots: optional(object({ listChanged: optional(flag) })),
  sampling: optional(object({ context: optional(anyObject), tools: optional(anyObject) })),
  elicitation: optional(object({ form: optional(anyObject), url: optional(anyObject) })),
});

const meta = optional(object({ progressToken: optional(textOrInteger) }));

/** `_meta` of a modern request (MCP 2026-07-28, basic: `_meta`). */
export const requestMeta = object({
  [MetaKey.PROTOCOL_VERSION]: text(64),
  [MetaKey.CLIENT_CAPABILITIES]: clientCapabilities,
  [MetaKey.CLIENT_INFO]: optional(implementation),
  [MetaKey.LOG_LEVEL]: optional(logLevel),
  progressToken: optional(textOrInteger),
});

const params = (fields: Readonly<Record<string, Shape>>): Shape => object({ _meta: meta, ...fields });
const noParams = optional(params({}));
const page = optional(params({ cursor: optional(cursor) }));
const filter = object({
  toolsListChanged: optional(flag),
  promptsListChanged: optional(flag),
  resourcesListChanged: optional(flag),
  resourceSubscriptions: optional(list(target)),
});
const noTask = { task: absent('tasks are not served') };
/** What a retry brings along (MCP 2026-07-28, multi round-trip requests). */
const answers = { inputResponses: optional(record(anyObject)), requestState: optional(anyText) };

const callTool = { name, arguments: optional(anyObject), ...noTask };
const getPrompt = { name, arguments: optional(record(anyText)) };
const complete = params({
  ref: variant('type', { 'ref/prompt': object({ name }), 'ref/resource': object({ uri: text(8192) }) }),
  argument: object({ name, value: anyText }),
  context: optional(object({ arguments: optional(record(anyText)) })),
});

const lists: Readonly<Record<string, Shape>> = {
  'tools/list': page,
  'prompts/list': page,
  'resources/list': page,
  'resources/templates/list': page,
  'completion/complete': complete,
};

const legacyRequests: Readonly<Record<string, Shape>> = {
  ...lists,
  initialize: params({ protocolVersion: text(64), capabilities: clientCapabilities, clientInfo: implementation }),
  ping: noParams,
  'logging/setLevel': params({ level: logLevel }),
  'tools/call': params(callTool),
  'prompts/get': params(getPrompt),
  'resources/read': params({ uri: target }),
  'resources/subscribe': params({ uri: target }),
  'resources/unsubscribe': params({ uri: target }),
};

const modernRequests: Readonly<Record<string, Shape>> = {
  ...lists,
  'server/discover': noParams,
  'subscriptions/listen': params({ notifications: filter }),
  'tools/call': params({ ...callTool, ...answers }),
  'prompts/get': params({ ...getPrompt, ...answers }),
  'resources/read': params({ uri: target, ...answers }),
};

const cancelled = { reason: optional(anyText) };
const progress = params({ progressToken: textOrInteger, progress: number, total: optional(number), message: optional(anyText) });

const legacyNotifications = (requestId: Shape): Readonly<Record<string, Shape>> => ({
  'notifications/initialized': noParams,
  'notifications/cancelled': params({ requestId, ...cancelled }),
  'notifications/progress': progress,
  'notifications/roots/list_changed': noParams,
});

interface Vocabulary {
  readonly requests: ReadonlyMap<string, Shape>;
  readonly notifications: ReadonlyMap<string, Shape>;
}

function vocabulary(requests: Readonly<Record<string, Shape>>, notifications: Readonly<Record<string, Shape>>): Vocabulary {
  return { requests: new Map(Object.entries(requests)), notifications: new Map(Object.entries(notifications)) };
}

const legacy = vocabulary(legacyRequests, legacyNotifications(textOrInteger));
const VOCABULARIES: Readonly<Record<Revision, Vocabulary>> = {
  '2024-11-05': legacy,
  '2025-03-26': legacy,
  '2025-06-18': legacy,
  // Made optional for tasks, which are cancelled otherwise.
  '2025-11-25': vocabulary(legacyRequests, legacyNotifications(optional(textOrInteger))),
  '2026-07-28': vocabulary(modernRequests, { 'notifications/cancelled': params({ requestId: textOrInteger, ...cancelled }) }),
};

/**
 * Whether a client may send `message` in `revision`, and with these parameters (GW-1). A request is refused in the
 * JSON-RPC answer (HTTP 200, but 404 for a method that 2026-07-28 does not have); a notification, which has no answer, by
 * the HTTP status.
 */
export function checkMessage(message: JsonRpcMessage, revision: Revision): Refusal | undefined {
  const { requests, notifications } = VOCABULARIES[revision];
  if (isRequest(message)) {
    const shape = requests.get(message.method);
    const { id } = message;
    if (shape === undefined) {
      return refuse(revision === '2026-07-28' ? 404 : 200, 'unknown_method', ErrorCode.METHOD_NOT_FOUND, 'Method not found', { id });
    }
    const found = shape(message.params, 'params');
    if (found === undefined) return undefined;
    return refuse(200, 'invalid_params', ErrorCode.INVALID_PARAMS, `Invalid params: ${found.path}: expected ${found.expected}`, { id });
  }
  if (isNotification(message)) {
    const shape = notifications.get(message.method);
    if (shape === undefined) return refuse(400, 'unknown_method', ErrorCode.METHOD_NOT_FOUND, 'Method not found');
    const found = shape(message.params, 'params');
    if (found === undefined) return undefined;
    return refuse(400, 'invalid_params', ErrorCode.INVALID_PARAMS, `Invalid params: ${found.path}: expected ${found.expected}`);
  }
  return undefined;
}
