import { ErrorCode } from '../../protocol';
import { headerValue, type HeaderReader } from './header-value';
import { isAllowedOrigin } from './http';
import { refuse, type Refusal } from './refusal';

/** Headers of MCP, OAuth and W3C trace context that a page's script may send. */
const REQUEST_HEADERS =
  'Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version, Mcp-Session-Id, Last-Event-ID, Mcp-Method, Mcp-Name, traceparent, tracestate, baggage';
/** Headers of an answer that a page's script may read. */
const RESPONSE_HEADERS = 'Mcp-Session-Id, WWW-Authenticate, MCP-Protocol-Version, Retry-After, DPoP-Nonce';
const PARAM_HEADER = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]+$/;
const MAX_PARAM_HEADERS = 64;

/**
 * The answer's headers to a CORS preflight (`OPTIONS`), which is answered before authentication. `Mcp-Param-*` names are
 * listed as they were asked for, because browsers do not take a wildcard next to `Authorization`.
 */
export function preflight(headers: HeaderReader, allowedOrigins: readonly string[]): Readonly<Record<string, string>> | Refusal {
  const cors = corsHeaders(headers, allowedOrigins);
  if (cors === undefined) {
    return refuse(403, 'origin_not_allowed', ErrorCode.INVALID_REQUEST, 'Forbidden: this Origin may not call this gateway');
  }
  const requested = (headerValue(headers, 'access-control-request-headers') ?? '').toLowerCase().split(',', 256);
  const parameters = requested.map((name) => name.trim()).filter((name) => PARAM_HEADER.test(name));
  return {
    'access-control-allow-origin': cors['access-control-allow-origin'] ?? '',
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers': [REQUEST_HEADERS, ...parameters.slice(0, MAX_PARAM_HEADERS)].join(', '),
    'access-control-max-age': '7200',
    vary: 'Origin, Access-Control-Request-Headers',
  };
}

/**
 * Headers that let the calling page read an answer, errors and challenges included. `undefined` where the request does
 * not come from a page, or from one that may not call.
 */
export function corsHeaders(headers: HeaderReader, allowedOrigins: readonly string[]): Readonly<Record<string, string>> | undefined {
  const origin = headerValue(headers, 'origin');
  if (origin === undefined || !isAllowedOrigin(origin, allowedOrigins, headerValue(headers, 'host')?.toLowerCase())) return undefined;
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': RESPONSE_HEADERS,
    vary: 'Origin',
  };
}
