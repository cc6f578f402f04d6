import type { TraceContext } from '../audit';
import { MetaKey, isJsonObject, type JsonObject, type JsonRpcRequest } from '../protocol';

const RETRY = ['inputResponses', 'requestState'];
const PAGE = ['cursor'];
const RESOURCE = ['uri'];

/** The parameters of each method that the checks know. `_meta` goes with every one. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'tools/list': PAGE,
  'prompts/list': PAGE,
  'resources/list': PAGE,
  'resources/templates/list': PAGE,
  'tools/call': ['name', 'arguments', ...RETRY],
  'prompts/get': ['name', 'arguments', ...RETRY],
  'resources/read': [...RESOURCE, ...RETRY],
  'resources/subscribe': RESOURCE,
  'resources/unsubscribe': RESOURCE,
  'completion/complete': ['ref', 'argument', 'context'],
  'logging/setLevel': ['level'],
  'subscriptions/listen': ['notifications'],
};

/** The request with the parameters that were checked, and no others: nothing unknown is smuggled past (IOV-4). */
export function withKnownParams(request: JsonRpcRequest): JsonRpcRequest {
  const { params } = request;
  if (params === undefined) return request;
  const known = KNOWN[request.method] ?? [];
  if (Object.keys(params).every((key) => key === '_meta' || known.includes(key))) return request;
  const kept: JsonObject = {};
  for (const key of ['_meta', ...known]) if (Object.hasOwn(params, key)) kept[key] = params[key];
  return { ...request, params: kept };
}

/**
 * A modern request with the trace in `_meta`, where its era has it (MCP 2026-07-28, OpenTelemetry conventions; GW-4), and
 * with the capabilities of the client that the server gets to know.
 */
export function withOwnMeta(request: JsonRpcRequest, trace: TraceContext, clientCapabilities: JsonObject): JsonRpcRequest {
  const meta = isJsonObject(request.params?._meta) ? request.params._meta : {};
  const { traceparent, tracestate } = trace.headers;
  const rest: JsonObject = Object.assign({}, meta);
  rest[MetaKey.CLIENT_CAPABILITIES] = clientCapabilities;
  rest.traceparent = traceparent;
  if (tracestate !== undefined) rest.tracestate = tracestate;
  else if ('tracestate' in rest) delete rest.tracestate;
  return { ...request, params: Object.assign({}, request.params, { _meta: rest }) };
}
