import type { HeaderReader } from './header-value';

/**
 * The headers of a request as Node.js received them (`rawHeaders`), in a map that is made once: a call asks for some thirty. A field that
 * occurs several times has its values joined as `Headers` joins them, so that nobody reads one of two.
 */
export function readRawHeaders(raw: readonly string[]): HeaderReader {
  const values = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  return { get: (name) => values.get(name.toLowerCase()) ?? null };
}
