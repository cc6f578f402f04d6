import { createHash } from 'node:crypto';
import { canonicalJson, type JsonValue } from '../protocol';

/** SHA-256 of a canonical definition, in hexadecimal: equal pins, equal meaning (TD-4). */
export type Pin = string & { readonly __pin: never };

const PIN = /^[0-9a-f]{64}$/;

/**
 * The pin of a tool's whole definition, or of a server's instructions (a string): SHA-256 of its RFC 8785 form. The order
 * of members does not count, everything else does.
 * @throws NotCanonical for a definition without a canonical form
 */
export function pinOf(definition: JsonValue): Pin {
  return createHash('sha256').update(canonicalJson(definition)).digest('hex') as Pin;
}

/** `text` as a pin. @throws RangeError where it is none */
export function asPin(text: string): Pin {
  if (!PIN.test(text)) throw new RangeError('a pin is 64 hexadecimal digits in lower case');
  return text as Pin;
}
