import { ErrorCode } from '../../protocol';
import { headerValue, type HeaderReader } from './header-value';
import { refuse, type Refusal } from './refusal';

export interface HttpRules {
  /** Values of `Host` (host, or host:port) that are ours, lower case. */
  readonly allowedHosts: readonly string[];
  /** Origins of web pages that may call the gateway besides its own, lower case, as browsers serialise them. */
  readonly allowedOrigins: readonly string[];
  /** Bytes of a request's body. */
  readonly maxBodyBytes: number;
}

const METHODS = 'GET, POST, DELETE, OPTIONS';
const BOTH_TYPES = 'application/json, text/event-stream';

/**
 * Whether the HTTP side of a request is one that MCP's Streamable HTTP transport allows (GW-1); looks at the method and
 * the headers only, so that nothing of a refused request's body is read.
 */
export function checkHttp(method: string, headers: HeaderReader, rules: HttpRules): Refusal | undefined {
  const host = headerValue(headers, 'host')?.toLowerCase();
  if (host === undefined || !rules.allowedHosts.includes(host)) {
    return refuse(403, 'host_not_allowed', ErrorCode.INVALID_REQUEST, 'Forbidden: the Host header does not name this gateway');
  }
  const origin = headerValue(headers, 'origin');
  if (origin !== undefined && !isAllowedOrigin(origin, rules.allowedOrigins, host)) {
    return refuse(403, 'origin_not_allowed', ErrorCode.INVALID_REQUEST, 'Forbidden: this Origin may not call this gateway');
  }
  switch (method) {
    case 'POST':
      return checkPost(headers, rules);
    case 'GET':
      return accepts(headers, 'text', 'event-stream') ? undefined : notAcceptable('text/event-stream');
    case 'DELETE':
    case 'OPTIONS':
      return undefined;
    default:
      return refuse(405, 'method_not_allowed', ErrorCode.INVALID_REQUEST, `Method not allowed; expected one of ${METHODS}`, {
        headers: { allow: METHODS },
      });
  }
}

/** Whether a page of `origin` may call: a listed origin, or the gateway's own. `null`, the opaque origin, never may. */
export function isAllowedOrigin(origin: string, allowedOrigins: readonly string[], host: string | undefined): boolean {
  const serialized = origin.toLowerCase();
  if (serialized === 'null') return false;
  if (host !== undefined && (serialized === `http://${host}` || serialized === `https://${host}`)) return true;
  return allowedOrigins.includes(serialized);
}

function checkPost(headers: HeaderReader, rules: HttpRules): Refusal | undefined {
  if (!isJson(headerValue(headers, 'content-type'))) {
    return refuse(415, 'unsupported_media_type', ErrorCode.INVALID_REQUEST, 'Unsupported media type: Content-Type must be application/json', {
      headers: { accept: 'application/json' },
    });
  }
  const encoding = headerValue(headers, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return refuse(415, 'unsupported_media_type', ErrorCode.INVALID_REQUEST, 'Unsupported media type: the body must not be encoded', {
      headers: { 'accept-encoding': 'identity' },
    });
  }
  if (!accepts(headers, 'application', 'json') || !accepts(headers, 'text', 'event-stream')) return notAcceptable(BOTH_TYPES);
  const length = headerValue(headers, 'content-length');
  if (length === undefined) return undefined;
  if (!/^\d{1,15}$/.test(length)) {
    return refuse(400, 'invalid_request', ErrorCode.INVALID_REQUEST, 'Bad request: Content-Length must be a number of bytes');
  }
  return Number(length) > rules.maxBodyBytes ? tooLarge(rules.maxBodyBytes) : undefined;
}

export function tooLarge(maxBytes: number): Refusal {
  return refuse(413, 'too_large', ErrorCode.INVALID_REQUEST, `Content too large: the body must not exceed ${maxBytes} bytes`);
}

function notAcceptable(types: string): Refusal {
  return refuse(406, 'not_acceptable', ErrorCode.INVALID_REQUEST, `Not acceptable: Accept must allow ${types}`);
}

function isJson(contentType: string | undefined): boolean {
  if (contentType === 'application/json') return true;
  if (contentType === undefined || contentType.includes(',')) return false;
  const [essence = '', ...parameters] = contentType.toLowerCase().split(';');
  if (essence.trim() !== 'application/json') return false;
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  return charset === undefined || /^charset="?utf-?8"?$/.test(charset);
}

/** Whether `Accept` allows a media type, wildcards counted in and `q=0` counted out (RFC 9110 section 12.5.1). */
function accepts(headers: HeaderReader, type: string, subtype: string): boolean {
  const accept = headerValue(headers, 'accept');
  if (accept === BOTH_TYPES) return true;
  if (accept === undefined) return false;
  return accept.toLowerCase().split(',').some((entry) => {
    const [range = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const matches = range === `${type}/${subtype}` || range === `${type}/*` || range === '*/*';
    return matches && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
