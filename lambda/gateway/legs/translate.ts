import { ErrorCode, MetaKey, isJsonObject, type JsonObject, type JsonRpcErrorObject } from '../../protocol';

/** Results that carry caching hints in the modern era (SEP-2549), with ours: how long, in milliseconds. */
const CACHE_MS: Readonly<Record<string, number>> = {
  'server/discover': 60_000,
  'tools/list': 60_000,
  'prompts/list': 60_000,
  'resources/list': 60_000,
  'resources/templates/list': 60_000,
  'resources/read': 0,
};

const MODERN_META = [MetaKey.PROTOCOL_VERSION, MetaKey.CLIENT_CAPABILITIES, MetaKey.CLIENT_INFO, MetaKey.LOG_LEVEL] as const;

/** A legacy server's result in the words of 2026-07-28. What a gateway filters by principal is never shared. */
export function toModernResult(method: string, result: JsonObject, serverInfo: JsonObject | undefined): JsonObject {
  const meta = isJsonObject(result._meta) ? result._meta : undefined;
  const cacheMs = CACHE_MS[method];
  return {
    ...result,
    resultType: 'complete',
    ...(cacheMs === undefined ? {} : { ttlMs: cacheMs, cacheScope: 'private' }),
    ...(serverInfo === undefined ? {} : { _meta: { ...meta, [MetaKey.SERVER_INFO]: serverInfo } }),
  };
}

/** A modern server's result in the words of 2025-11-25. */
export function toLegacyResult(result: JsonObject): JsonObject {
  const legacy: JsonObject = { ...result };
  delete legacy.resultType;
  delete legacy.ttlMs;
  delete legacy.cacheScope;
  if ('structuredContent' in legacy && !isJsonObject(legacy.structuredContent)) delete legacy.structuredContent;
  if (isJsonObject(legacy._meta)) legacy._meta = withoutMeta(legacy._meta, [MetaKey.SERVER_INFO, MetaKey.SUBSCRIPTION_ID]);
  return legacy;
}

/** Parameters of a modern request without what only the modern era knows. */
export function toLegacyParams(params: JsonObject | undefined): JsonObject | undefined {
  if (params === undefined) return undefined;
  const legacy: JsonObject = { ...params };
  delete legacy.inputResponses;
  delete legacy.requestState;
  if (isJsonObject(legacy._meta)) {
    legacy._meta = withoutMeta(legacy._meta, MODERN_META);
    if (Object.keys(legacy._meta).length === 0) delete legacy._meta;
  }
  return Object.keys(legacy).length === 0 ? undefined : legacy;
}

/** Codes that only legacy revisions have (MCP 2026-07-28, error codes: -32002 became -32602). */
export function toModernError(error: JsonRpcErrorObject): JsonRpcErrorObject {
  return error.code === ErrorCode.RESOURCE_NOT_FOUND ? { ...error, code: ErrorCode.INVALID_PARAMS } : error;
}

/** Codes that only the modern era has concern the gateway's own request, not the client's. */
export function toLegacyError(error: JsonRpcErrorObject): JsonRpcErrorObject {
  const isModernOnly = error.code <= ErrorCode.HEADER_MISMATCH && error.code >= ErrorCode.UNSUPPORTED_PROTOCOL_VERSION;
  return isModernOnly ? { ...error, code: ErrorCode.INTERNAL_ERROR } : error;
}

export function withoutMeta(meta: JsonObject, keys: readonly string[]): JsonObject {
  const rest: JsonObject = { ...meta };
  for (const key of keys) delete rest[key];
  return rest;
}

/** A URL elicitation's id exists in legacy revisions only. */
export function withoutElicitationId(params: JsonObject | undefined): JsonObject | undefined {
  if (params === undefined || !('elicitationId' in params)) return params;
  const rest: JsonObject = { ...params };
  delete rest.elicitationId;
  return rest;
}
