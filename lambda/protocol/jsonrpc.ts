/** JSON-RPC 2.0 as MCP uses it: string or integer ids, named parameters, no `null` id in requests. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue | undefined;
}

export type RequestId = string | number;

export interface JsonRpcRequest {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly method: string;
  readonly params?: JsonObject;
}

export interface JsonRpcNotification {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: JsonObject;
}

export interface JsonRpcResult {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly result: JsonObject;
}

export interface JsonRpcErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue;
}

export interface JsonRpcError {
  readonly jsonrpc: '2.0';
  /** Absent where the request's id could not be read. */
  readonly id?: RequestId | null;
  readonly error: JsonRpcErrorObject;
}

export type JsonRpcResponse = JsonRpcResult | JsonRpcError;
export type JsonRpcMessage = JsonRpcRequest | JsonRpcNotification | JsonRpcResponse;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value));
}

export function isRequest(message: JsonRpcMessage): message is JsonRpcRequest {
  return 'method' in message && 'id' in message;
}

export function isNotification(message: JsonRpcMessage): message is JsonRpcNotification {
  return 'method' in message && !('id' in message);
}

export function isResponse(message: JsonRpcMessage): message is JsonRpcResponse {
  return !('method' in message);
}

export function isErrorResponse(message: JsonRpcMessage): message is JsonRpcError {
  return 'error' in message;
}

const MEMBERS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);

/**
 * The message in `value` when its shape is that of a JSON-RPC 2.0 message, otherwise `undefined`. Without members that
 * JSON-RPC does not have: to a reader that folds case, `Params` beside `params` would be the call.
 */
export function asJsonRpcMessage(value: unknown): JsonRpcMessage | undefined {
  const message = readMessage(value);
  if (message === undefined || Object.keys(message).every((name) => MEMBERS.has(name))) return message;
  return Object.fromEntries(Object.entries(message).filter(([name]) => MEMBERS.has(name))) as unknown as JsonRpcMessage;
}

function readMessage(value: unknown): JsonRpcMessage | undefined {
  if (!isJsonObject(value) || value.jsonrpc !== '2.0') return undefined;
  if ('params' in value && value.params !== undefined && !isJsonObject(value.params)) return undefined;
  if (typeof value.method === 'string') {
    if ('result' in value || 'error' in value) return undefined;
    if (!('id' in value)) return value as unknown as JsonRpcNotification;
    return isRequestId(value.id) ? (value as unknown as JsonRpcRequest) : undefined;
  }
  if ('method' in value) return undefined;
  const hasResult = isJsonObject(value.result);
  const hasError = isJsonObject(value.error) && Number.isInteger(value.error.code) && typeof value.error.message === 'string';
  if (hasResult === hasError || ('result' in value && 'error' in value)) return undefined;
  if (hasResult) return isRequestId(value.id) ? (value as unknown as JsonRpcResult) : undefined;
  const idIsReadable = value.id === undefined || value.id === null || isRequestId(value.id);
  return idIsReadable ? (value as unknown as JsonRpcError) : undefined;
}

export function errorResponse(id: RequestId | undefined, error: JsonRpcErrorObject): JsonRpcError {
  return id === undefined ? { jsonrpc: '2.0', error } : { jsonrpc: '2.0', id, error };
}

export function resultResponse(id: RequestId, result: JsonObject): JsonRpcResult {
  return { jsonrpc: '2.0', id, result };
}
