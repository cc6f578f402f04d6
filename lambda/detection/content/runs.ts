/** Classes of characters of encodings. */
const BASE64 = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_') BASE64[character.charCodeAt(0)] = 1;

/** A run of characters that may be encoded data. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * Runs of at least `least` characters of base64, padding included. Looks at one character in `least` where there are none.
 */
export function base64Runs(text: string, least: number): readonly Run[] {
  const found: Run[] = [];
  for (let start = 0; start + least <= text.length; ) {
    let at = start + least - 1;
    while (at >= start && isBase64(text.charCodeAt(at))) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    let end = start + least;
    while (end < text.length && isBase64(text.charCodeAt(end))) end++;
    while (end < text.length && text[end] === '=') end++;
    found.push({ start, end });
    start = end + 1;
  }
  return found;
}

function isBase64(unit: number): boolean {
  return unit < 128 && BASE64[unit] === 1;
}
