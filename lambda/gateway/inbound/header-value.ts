/** What the checks need of a request's headers: a `Headers`, or anything that reads like one. */
export interface HeaderReader {
  get(name: string): string | null;
}

const PREFIX = '=?base64?';
const SUFFIX = '?=';
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Visible ASCII, space and tab: all that a field value may hold unencoded (RFC 9110 section 5.5). */
const PLAIN = /^[\t\x20-\x7e]*$/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The value of a header without optional whitespace around it (RFC 9110 section 5.5), or `undefined` where absent. */
export function headerValue(headers: HeaderReader, name: string): string | undefined {
  const raw = headers.get(name);
  return raw === null ? undefined : withoutOuterWhitespace(raw);
}

/**
 * The value an `Mcp-Name` or `Mcp-Param-*` header stands for: the text in `=?base64?...?=` (base64 of UTF-8, exactly in
 * this form, padded and canonical), otherwise the header as it is. `undefined` where it holds characters a header may
 * not hold, or a sentinel that does not decode (MCP 2026-07-28, transports: value encoding).
 */
export function decodeHeaderValue(value: string): string | undefined {
  if (!PLAIN.test(value)) return undefined;
  if (!looksEncoded(value)) return value;
  const encoded = value.slice(PREFIX.length, -SUFFIX.length);
  if (encoded.length % 4 !== 0 || !BASE64.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  // Re-encoding finds padding bits that are not zero: two headers must not stand for one value.
  if (bytes.toString('base64') !== encoded) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * `value` as an `Mcp-Name` or `Mcp-Param-*` header: as it is where a header can carry it, otherwise in the sentinel.
 * A value that looks like a sentinel is encoded too, so that it decodes to itself.
 */
export function encodeHeaderValue(value: string): string {
  const plain = value !== '' && PLAIN.test(value) && !looksEncoded(value) && withoutOuterWhitespace(value) === value;
  return plain ? value : `${PREFIX}${Buffer.from(value, 'utf8').toString('base64')}${SUFFIX}`;
}

function looksEncoded(value: string): boolean {
  return value.length >= PREFIX.length + SUFFIX.length && value.startsWith(PREFIX) && value.endsWith(SUFFIX);
}

function withoutOuterWhitespace(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isWhitespace(value.charCodeAt(start))) start++;
  while (end > start && isWhitespace(value.charCodeAt(end - 1))) end--;
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
