/**
 * What a terminal or a log viewer could take for more than text: control characters (C0, DEL, C1), line and paragraph
 * separators, and marks that reverse the direction of writing or are not seen.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Almost no text has any of it, and this is seen many times quicker than the above. */
const BEYOND_ASCII_TEXT = /[^\x20-\x7e]/;

/** `text` with each unprintable character as `\uXXXX`. Inside a JSON text this changes the spelling, not the value. */
export function escapeUnprintable(text: string): string {
  if (!BEYOND_ASCII_TEXT.test(text)) return text;
  return text.replace(UNPRINTABLE, (character) => {
    let escaped = '';
    for (let i = 0; i < character.length; i++) escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
    return escaped;
  });
}
