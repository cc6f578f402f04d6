import { isUtf8 } from 'node:buffer';
import { asJsonRpcMessage, type JsonRpcMessage } from '../../protocol';

/** How deeply arrays and objects of a message may be nested: what walks or prints a message recurses. */
export const MAX_MESSAGE_DEPTH = 512;

/** Why bytes are not a message, as the end of a sentence that begins with who sent them. */
export type Malformed = { readonly malformed: string };

/**
 * The message in `bytes`, or the messages of a batch (MCP 2025-03-26 alone has those).
 * Never throws: whatever a server sends is an answer or {@link Malformed}, which quotes nothing of it.
 */
export function decodeMessages(bytes: Buffer): JsonRpcMessage | readonly JsonRpcMessage[] | Malformed {
  if (!isUtf8(bytes)) return { malformed: 'sent what is not UTF-8' };
  if (isNestedTooDeeply(bytes)) return { malformed: `sent JSON nested more than ${MAX_MESSAGE_DEPTH} deep` };
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { malformed: 'sent what is not JSON' };
  }
  if (!Array.isArray(value)) return asJsonRpcMessage(value) ?? { malformed: 'sent JSON that is not a JSON-RPC message' };
  const messages: JsonRpcMessage[] = [];
  for (const element of value) {
    const message = asJsonRpcMessage(element);
    if (message === undefined) return { malformed: 'sent a batch with an element that is not a JSON-RPC message' };
    messages.push(message);
  }
  return messages.length > 0 ? messages : { malformed: 'sent an empty batch' };
}

export function isBatch(decoded: JsonRpcMessage | readonly JsonRpcMessage[] | Malformed): decoded is readonly JsonRpcMessage[] {
  return Array.isArray(decoded);
}

export function isMalformed(decoded: JsonRpcMessage | readonly JsonRpcMessage[] | Malformed): decoded is Malformed {
  return 'malformed' in decoded;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Looks at the brackets outside strings only; a text too short to be deep is not looked at. */
function isNestedTooDeeply(bytes: Buffer): boolean {
  if (bytes.length <= MAX_MESSAGE_DEPTH) return false;
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = endOfString(bytes, at + 1);
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > MAX_MESSAGE_DEPTH) return true;
    } else if (byte === 0x5d || byte === 0x7d) {
      depth -= 1;
    }
  }
  return false;
}

/** The position of the quote that ends the string beginning at `from`, or the end of `bytes`. */
function endOfString(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(QUOTE, from);
  while (at !== -1) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
    at = bytes.indexOf(QUOTE, at + 1);
  }
  return bytes.length;
}
