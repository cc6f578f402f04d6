import {
  ErrorCode,
  Header,
  isJsonObject,
  isModernRevision,
  isRequest,
  MetaKey,
  MODERN_REVISIONS,
  type JsonRpcNotification,
  type JsonRpcRequest,
  type ModernRevision,
} from '../../protocol';
import { hasClaim } from './classify';
import { checkMessage, requestMeta } from './client-messages';
import { decodeHeaderValue, headerValue, type HeaderReader } from './header-value';
import { refuse, type Refusal } from './refusal';

/** Methods whose `Mcp-Name` header repeats a parameter, and which one (SEP-2243; tasks: SEP-2663). */
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/**
 * Whether a modern message is one that MCP 2026-07-28 allows and its headers say the same as its body (GW-1), in the order
 * in which the specification's conformance suite expects the answers: `_meta` (400, -32602), header against body (400,
 * -32020), version (400, -32022), missing headers (400, -32020), method (404, -32601), parameters (200, -32602).
 *
 * A notification needs no `_meta` and no headers, but the ones it has must agree with it. `Mcp-Param-*` headers are left to
 * `ParamHeaders`, which knows the tool.
 */
export function checkModern(headers: HeaderReader, message: JsonRpcRequest | JsonRpcNotification): Refusal | undefined {
  const id = isRequest(message) ? message.id : undefined;
  const version = headerValue(headers, Header.PROTOCOL_VERSION);
  const method = headerValue(headers, Header.METHOD);

  const claimed = hasClaim(message.params) || id !== undefined;
  if (claimed) {
    const found = id === undefined ? checkClaimedVersion(message) : requestMeta(message.params?._meta, 'params._meta');
    if (found !== undefined) {
      return refuse(400, 'invalid_meta', ErrorCode.INVALID_PARAMS, `Invalid params: ${found.path}: expected ${found.expected}`, { id });
    }
  }
  const requested = claimed ? claimedVersion(message) : (version ?? '');
  if (version !== undefined && version !== requested) return mismatch('MCP-Protocol-Version does not equal the version in params._meta', id);
  if (method !== undefined && method !== message.method) return mismatch('Mcp-Method does not equal the method', id);
  if (!isModernRevision(requested)) {
    return refuse(400, 'unsupported_version', ErrorCode.UNSUPPORTED_PROTOCOL_VERSION, 'Unsupported protocol version', {
      id,
      data: { supported: [...MODERN_REVISIONS], requested },
    });
  }
  return (id === undefined ? undefined : checkPresence(headers, message, id)) ?? checkMessage(message, requested satisfies ModernRevision);
}

function checkClaimedVersion(message: JsonRpcNotification): { readonly path: string; readonly expected: string } | undefined {
  return typeof claimedVersion(message) === 'string' && claimedVersion(message).length <= 64
    ? undefined
    : { path: `params._meta.${MetaKey.PROTOCOL_VERSION}`, expected: 'a string of at most 64 characters' };
}

function claimedVersion(message: JsonRpcRequest | JsonRpcNotification): string {
  const meta = message.params?._meta;
  return (isJsonObject(meta) ? meta[MetaKey.PROTOCOL_VERSION] : undefined) as string;
}

function checkPresence(headers: HeaderReader, message: JsonRpcRequest | JsonRpcNotification, id: JsonRpcRequest['id']): Refusal | undefined {
  if (headers.get(Header.PROTOCOL_VERSION) === null) return mismatch('MCP-Protocol-Version is missing', id);
  if (headers.get(Header.METHOD) === null) return mismatch('Mcp-Method is missing', id);

  const name = headerValue(headers, Header.NAME);
  const parameter = NAMED_BY.get(message.method);
  if (parameter === undefined) {
    // Whoever looked at headers alone may have decided on this name, and the body has none.
    return name === undefined ? undefined : mismatch('Mcp-Name is set, but the method has no name', id);
  }
  const named = message.params?.[parameter];
  if (name === undefined) {
    // A name that is missing from the body too is reported as a missing parameter.
    return typeof named === 'string' ? mismatch('Mcp-Name is missing', id) : undefined;
  }
  const decoded = decodeHeaderValue(name);
  if (decoded === undefined) return mismatch('Mcp-Name is not validly encoded', id);
  return typeof named === 'string' && decoded !== named ? mismatch(`Mcp-Name does not equal params.${parameter}`, id) : undefined;
}

export function mismatch(what: string, id: JsonRpcRequest['id'] | undefined): Refusal {
  return refuse(400, 'header_mismatch', ErrorCode.HEADER_MISMATCH, `Header mismatch: ${what}`, { id });
}
