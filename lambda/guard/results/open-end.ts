import { BUILT_IN } from '../recognisers';

/** How far from its end a text is looked at for the beginning of a secret. */
export const LONGEST_OPEN = 4_608;

/** What secrets begin with and little else does: `ghp_`, `AccountKey=`. */
const TELLING = /[^A-Za-z]|^A[A-Z]IA$|^AIza$|^eyJ$/;
const SHORTEST = 3;

const anchors = [...new Set(BUILT_IN.filter(({ dataClass }) => dataClass === 'secret').flatMap(({ recognisers }) => recognisers.filter(({ anywhere, ignoreCase }) => !anywhere && !ignoreCase).flatMap((one) => one.anchors)))]
  .filter((anchor) => anchor.length >= SHORTEST && TELLING.test(anchor) && !anchor.startsWith('-----'))
  .map((anchor) => anchor.replaceAll(/[.*+?^${}()|[\]\\-]/g, '\\$&'));

/** The beginnings of secrets at the end of a text: the rest may come in the next message. */
const OPEN_END = new RegExp(
  [
    `\\b(?:${anchors.join('|')})[^\\s"'<>]{0,400}`,
    '-----BEGIN[A-Z0-9 -]{0,60}',
    '-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\\s\\\\:,.()]|-(?!----)){0,4000}-{0,5}',
    '-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\\s\\\\]{0,4000}-----END[A-Z0-9 ]{0,40}-{0,4}',
    '(?:password|passwd|pwd|secret|token|api[_-]?key)["\'`]?\\s{0,3}[:=]\\s{0,3}["\'`]?[^\\s"\'`]{0,200}',
    // A password before the host, and no port behind it.
    '\\b[a-z][a-z0-9+.-]{1,20}://[^\\s/?#@:"\'<>]{1,80}:(?!\\d{0,5}$)[^\\s/@"\'<>]{0,200}@?',
    '\\b(?:bearer|basic)\\s{1,3}[A-Za-z0-9._~+/-]{8,400}',
  ]
    .map((open) => `(?:${open})$`)
    .join('|'),
  'i',
);

/** Where a secret may begin that the text does not end; `undefined` where there is none. */
export function startOfOpen(text: string): number | undefined {
  const from = Math.max(0, text.length - LONGEST_OPEN);
  const found = OPEN_END.exec(text.slice(from));
  return found === null ? undefined : from + found.index;
}
