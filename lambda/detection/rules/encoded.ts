import { decodings, wholeDecodings, type Decoding } from '../decode';
import type { Names, Reader, Reading } from '../reading';
import type { Hit } from './hit';
import { phraseHits } from './phrases';
import type { RuleInfo } from './rule';

const rule = (id: string, how: string): RuleInfo => ({ id, severity: 'critical', sentence: `It hides an order to the reader ${how}.`, safId: 'SAF-T1402', owaspId: 'MCP03', wordless: true });

/** Orders in disguise. A disguise alone is none: what comes out must break a rule. */
export const ENCODED: Readonly<Record<Decoding['encoding'], RuleInfo>> = {
  base64: rule('TP-801', 'in Base64'),
  base32: rule('TP-802', 'in Base32'),
  hex: rule('TP-803', 'in hexadecimal'),
  percent: rule('TP-804', 'in percent encoding'),
  entities: rule('TP-805', 'in HTML entities'),
  unicodeEscape: rule('TP-806', 'in Unicode escapes'),
  rot13: rule('TP-807', 'in letters shifted by thirteen'),
  reversed: rule('TP-808', 'backwards'),
  spaced: rule('TP-809', 'with its letters apart'),
  hidden: rule('TP-810', 'in characters that nobody sees'),
};

const KEYWORDS = ['ignore', 'previous', 'instruction', 'system', 'secret', 'always', 'before', 'conversation', 'password', 'credential', 'reveal', 'forward', 'attacker', 'mention', 'upload', 'prompt', 'without', 'contents'];

/** Only a text with such words is read backwards or shifted as a whole. */
const DISGUISED_KEYWORD = new RegExp(wholeDecodings(KEYWORDS.join(' ')).flatMap(({ text }) => text.split(' ')).join('|'), 'i');

const SERIOUS: ReadonlySet<string> = new Set(['critical', 'high', 'medium']);

/** Takes every disguise off that a text may wear, and reports those under which a rule is broken. */
export function encodedHits(reading: Reading, reader: Reader, names: Names): readonly Hit[] {
  const { field, normalised } = reading;
  const found = [...decodings(field.text)];
  if (DISGUISED_KEYWORD.test(field.text)) found.push(...wholeDecodings(field.text));
  for (const { hidden, start, end } of normalised.oddities) if (hidden !== undefined) found.push({ encoding: 'hidden', text: hidden, start, end });
  const hits = new Map<string, Hit>();
  for (const { encoding, text, start, end } of found) {
    if (hits.has(encoding)) continue;
    const decoded = reader.read({ ...field, text }, names);
    if (phraseHits(decoded).some(({ rule: { severity } }) => SERIOUS.has(severity))) hits.set(encoding, { rule: ENCODED[encoding], pointer: field.pointer, start, end });
  }
  return [...hits.values()];
}
