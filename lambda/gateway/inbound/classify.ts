import {
  asJsonRpcMessage,
  ErrorCode,
  Header,
  isJsonObject,
  isNotification,
  isRequest,
  isRequestId,
  LATEST_LEGACY,
  MetaKey,
  type JsonObject,
  type JsonRpcMessage,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type JsonValue,
  type RequestId,
} from '../../protocol';
import { requestMeta } from './client-messages';
import { headerValue, type HeaderReader } from './header-value';
import { refuse, type Refusal } from './refusal';

const MAX_ID_LENGTH = 256;
const METHOD = /^[\x21-\x7e]{1,128}$/;

/** What kind of request a body is; which rules apply next. */
export type Classified =
  /** Stateless, MCP 2026-07-28 and later: continue with `checkModern`. */
  | { readonly era: 'modern'; readonly message: JsonRpcRequest | JsonRpcNotification }
  /** `initialize`, or part of a session: continue with `checkLegacy`. */
  | { readonly era: 'legacy'; readonly message: JsonRpcMessage }
  /** Only a session of 2025-03-26 may send it: continue with `checkBatch`. */
  | { readonly era: 'legacy'; readonly batch: readonly JsonValue[] };

/**
 * The era of a request, by its body: a claim in `params._meta` is modern, `initialize` without a valid one is legacy, and
 * the `MCP-Protocol-Version` header decides only where the body claims nothing (GW-1; MCP 2026-07-28, versioning).
 */
export function classify(headers: HeaderReader, value: JsonValue): Classified | Refusal {
  const header = headerValue(headers, Header.PROTOCOL_VERSION);
  if (Array.isArray(value)) {
    if (claimsModern(header) || value.some((element) => isJsonObject(element) && hasClaim(element.params))) {
      return refuse(400, 'batch_not_allowed', ErrorCode.INVALID_REQUEST, 'Invalid request: MCP 2026-07-28 has no batches');
    }
    return { era: 'legacy', batch: value };
  }
  const message = asMessage(value);
  if (message === undefined) {
    return refuse(400, 'invalid_request', ErrorCode.INVALID_REQUEST, 'Invalid request: the body is not a JSON-RPC 2.0 message', {
      id: readableId(value),
    });
  }
  if (!isRequest(message) && !isNotification(message)) {
    if (!claimsModern(header)) return { era: 'legacy', message };
    return refuse(400, 'response_not_allowed', ErrorCode.INVALID_REQUEST, 'Invalid request: MCP 2026-07-28 clients do not send responses');
  }
  if (isRequest(message) && message.method === 'initialize' && !hasValidModernClaim(message.params)) {
    if (!claimsModern(header)) return { era: 'legacy', message };
    return refuse(400, 'header_mismatch', ErrorCode.HEADER_MISMATCH, 'Header mismatch: initialize does not exist in the revision that MCP-Protocol-Version names', {
      id: message.id,
    });
  }
  return hasClaim(message.params) || claimsModern(header) ? { era: 'modern', message } : { era: 'legacy', message };
}

/**
 * The messages of a batch, where `revision` and the limits allow one: 2025-03-26 alone has batches, without
 * `initialize`, never empty, and no two requests of the same id.
 *
 * @param maxBatch messages in one batch
 */
export function checkBatch(revision: string | undefined, batch: readonly JsonValue[], maxBatch: number): readonly JsonRpcMessage[] | Refusal {
  if (revision !== '2025-03-26') return batchRefused('only MCP 2025-03-26 has batches');
  if (batch.length === 0) return batchRefused('a batch must not be empty');
  if (batch.length > maxBatch) return batchRefused(`a batch must not hold more than ${maxBatch} messages`);
  const messages: JsonRpcMessage[] = [];
  const ids = new Set<RequestId>();
  for (const element of batch) {
    const message = asMessage(element);
    if (message === undefined) return batchRefused('an element is not a JSON-RPC 2.0 message');
    if (isRequest(message)) {
      if (message.method === 'initialize') return batchRefused('initialize must not be part of a batch');
      if (ids.has(message.id)) return batchRefused('two requests have the same id');
      ids.add(message.id);
    }
    messages.push(message);
  }
  return messages;
}

function batchRefused(why: string): Refusal {
  return refuse(400, 'batch_not_allowed', ErrorCode.INVALID_REQUEST, `Invalid request: ${why}`);
}

/** Whether a version is 2026-07-28 or something later, known to us or not. */
function claimsModern(version: JsonValue | undefined): version is string {
  return typeof version === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(version) && version > LATEST_LEGACY;
}

/** Whether `params` carry a protocol version in `_meta`: the mark of the modern era, valid or not. */
export function hasClaim(params: JsonValue | undefined): params is JsonObject {
  return isJsonObject(params) && isJsonObject(params._meta) && params._meta[MetaKey.PROTOCOL_VERSION] !== undefined;
}

function hasValidModernClaim(params: JsonObject | undefined): boolean {
  return hasClaim(params) && claimsModern((params._meta as JsonObject)[MetaKey.PROTOCOL_VERSION]) && requestMeta(params._meta, '') === undefined;
}

function asMessage(value: JsonValue): JsonRpcMessage | undefined {
  const message = asJsonRpcMessage(value);
  if (message === undefined) return undefined;
  if ('method' in message && !METHOD.test(message.method)) return undefined;
  return 'id' in message && !isBoundedId(message.id) ? undefined : message;
}

function isBoundedId(id: RequestId | null | undefined): boolean {
  return typeof id === 'string' ? id.length <= MAX_ID_LENGTH : id === undefined || id === null || Number.isSafeInteger(id);
}

function readableId(value: JsonValue): RequestId | undefined {
  return isJsonObject(value) && isRequestId(value.id) && isBoundedId(value.id) ? value.id : undefined;
}
