import {
  ErrorCode,
  Header,
  isLegacyRevision,
  isRequest,
  LEGACY_REVISIONS,
  type JsonRpcMessage,
  type LegacyRevision,
} from '../../protocol';
import { checkMessage } from './client-messages';
import { headerValue, type HeaderReader } from './header-value';
import { refuse, type Refusal } from './refusal';

/** What a session id or event id may look like (2025-11-25, transports), and the longest that is taken in. */
const VISIBLE_ASCII = /^[\x21-\x7e]{1,2048}$/;

/**
 * Whether the headers of a request to a session are right: POST, GET and DELETE (GW-1). `MCP-Protocol-Version` may be
 * absent; one that is not a legacy revision is refused with HTTP 400, but any legacy one is taken, because clients are
 * known to send another one than was agreed.
 */
export function checkLegacyHeaders(headers: HeaderReader): Refusal | undefined {
  const version = headerValue(headers, Header.PROTOCOL_VERSION);
  if (version !== undefined && !isLegacyRevision(version)) {
    return refuse(
      400,
      'unsupported_version',
      ErrorCode.INVALID_REQUEST,
      `Bad request: unsupported MCP-Protocol-Version; expected one of ${LEGACY_REVISIONS.join(', ')}`,
    );
  }
  for (const name of [Header.SESSION_ID, Header.LAST_EVENT_ID]) {
    const value = headerValue(headers, name);
    if (value !== undefined && !VISIBLE_ASCII.test(value)) {
      return refuse(400, 'invalid_session_header', ErrorCode.INVALID_REQUEST, `Bad request: ${name} must be visible ASCII of at most 2048 characters`);
    }
  }
  return undefined;
}

/**
 * Whether a legacy message is allowed by its headers and by the session's revision (GW-1).
 *
 * @param revision what the session speaks; for `initialize`, any
 */
export function checkLegacy(headers: HeaderReader, message: JsonRpcMessage, revision: LegacyRevision): Refusal | undefined {
  // `initialize` agrees on a version in its body; a header that a client adds to it means nothing yet.
  const isInitialize = isRequest(message) && message.method === 'initialize';
  const refused = isInitialize ? undefined : checkLegacyHeaders(headers);
  if (refused === undefined) return checkMessage(message, revision);
  return isRequest(message) ? refuse(refused.status, refused.reason, refused.error.code, refused.error.message, { id: message.id }) : refused;
}
