import type { NormalisedText } from '../normalise';

/**
 * What counts as one word for the model. Things that stand for themselves (an address, a file, the name of a tool) become
 * their kind, so that what is learned about one holds for all. Every repetition is bounded: linear in the text.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<comment><!--)`,
    String.raw`(?<tag></?[a-z_|][\w|-]{0,30}>|\[/?[a-z_]{3,20}\])`,
    String.raw`(?<url>\b[a-z][a-z0-9+]{1,9}://[^\s"'<>\x60)\]]{1,300}|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?)`,
    String.raw`(?<email>[\w+-]{1,40}(?:\.[\w+-]{1,40}){0,3}@[\w-]{1,40}(?:\.[\w-]{1,20}){1,3})`,
    String.raw`(?<path>(?<![\w.])(?:~|\.\.?|[a-z]:)?(?:[/\\][\w.@$*-]{1,64}){1,12}|(?<![\w.])\.[a-z][\w.-]{1,30})`,
    String.raw`(?<host>\b[\w-]{1,40}(?:\.[\w-]{1,40}){0,3}\.(?:com|io|net|org|dev|app|site|club|xyz|ai|cloud|ru|cn|example|test)\b(?:/[^\s"'<>\x60)\]]{0,200})?)`,
    String.raw`(?<file>\b[\w-]{1,40}\.(?:json|ya?ml|toml|env|txt|md|conf|ini|pem|key|db|dat|sh|log|csv|sqlite|py|js)\b)`,
    String.raw`(?<name>\b[a-z0-9]{1,30}(?:_[a-z0-9]{1,30}){1,8}\b|\b[a-z]{1,30}(?:-[a-z]{1,30}){2,8}\b)`,
    String.raw`(?<unspaced>[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])`,
    String.raw`(?<word>[\p{L}\p{M}\p{N}]{1,40}(?:['\u2019][a-z]{1,2}\b)?)`,
    String.raw`(?<mark>[:!])`,
  ].join('|'),
  'gu',
);

/** Parts of paths and names behind which people keep what must not get out. */
const SENSITIVE = /ssh|id_rsa|id_ed|aws|passwd|shadow|\.env|credential|secret|token|netrc|kube|npmrc|pgpass|gnupg|history|cursor|claude|mcp|wallet|environ|passw|keychain|docker|api_?key|access_?key|private_?key|169\.254\.169\.254|confidential/;

/** A word of a sentence: what the model sees, and where it stands in the normalised text. */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The words of a normalised text.
 *
 * @param original the text before normalising: capitals tell an environment variable from a parameter
 */
export function tokens(normalised: NormalisedText, original: string): readonly Token[] {
  const found: Token[] = [];
  for (const match of normalised.text.matchAll(TOKEN)) {
    const start = match.index;
    const text = match[0];
    const end = start + text.length;
    for (const part of meaning(match.groups!, text, () => original.slice(normalised.originalOffset(start), normalised.originalOffset(end)))) {
      found.push({ text: part, start, end });
    }
  }
  return found;
}

function meaning(groups: Readonly<Record<string, string | undefined>>, text: string, original: () => string): readonly string[] {
  if (groups.word !== undefined) return plainWord(text);
  if (groups.mark !== undefined || groups.unspaced !== undefined) return [text];
  if (groups.name !== undefined) return [nameKind(text, original), ...text.split(/[_-]/)];
  if (groups.path !== undefined || groups.file !== undefined) return [SENSITIVE.test(text) ? '<secret>' : '<path>'];
  if (groups.url !== undefined) return [SENSITIVE.test(text) ? '<secret>' : '<url>'];
  if (groups.host !== undefined) return ['<url>'];
  if (groups.email !== undefined) return ['<email>'];
  return [groups.comment !== undefined ? '<comment>' : '<tag>'];
}

function nameKind(text: string, original: () => string): string {
  const written = original();
  if (written !== written.toUpperCase()) return '<name>';
  return SENSITIVE.test(text) ? '<secret>' : '<constant>';
}

/** A word with digits for some of its letters: `1gn0re`, `pr3vious`; not `base64`, whose digits stand at its end. */
const IN_DIGITS = /^(?:[a-z]*[013457][a-z]{2}|[a-z]+[013457][a-z])[a-z013457]*$/;

const LETTERS: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't' };

function plainWord(text: string): readonly string[] {
  const apostrophe = text.search(/['\u2019]/);
  if (apostrophe > 0) {
    const stem = text.slice(0, apostrophe);
    return stem.endsWith('n') && text.endsWith('t') ? [stem.slice(0, -1), 'not'] : [stem];
  }
  if (text === 'dont') return ['do', 'not'];
  if (IN_DIGITS.test(text) && text.length >= 5) return [text.replace(/[013457]/g, (digit) => LETTERS[digit]!)];
  const first = text.charCodeAt(0);
  return [first >= 48 && first <= 57 ? '0' : text];
}
