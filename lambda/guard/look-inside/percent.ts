/** What stands between two escapes of one run. */
const BETWEEN = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~+/=-') BETWEEN[character.charCodeAt(0)] = 1;

/** Characters before, between and after escapes. */
const REACH = 400;
const MOST_ESCAPES = 200;

/** Runs of characters of which some are escaped as in a URL, `%41`. */
export function percentRuns(text: string): readonly { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  let free = 0;
  for (let at = text.indexOf('%'); at !== -1; at = text.indexOf('%', Math.max(at + 1, free))) {
    if (!isEscape(text, at)) continue;
    let start = at;
    while (start > free && at - start < REACH && isBetween(text, start - 1)) start--;
    let end = at + 3;
    for (let escapes = 1; ; escapes++) {
      const next = endOfPlain(text, end);
      if (escapes === MOST_ESCAPES || !isEscape(text, next)) {
        end = next;
        break;
      }
      end = next + 3;
    }
    found.push({ start, end });
    free = end;
  }
  return found;
}

function endOfPlain(text: string, from: number): number {
  let at = from;
  while (at - from < REACH && isBetween(text, at)) at++;
  return at;
}

function isBetween(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit < 128 && BETWEEN[unit] === 1;
}

function isEscape(text: string, at: number): boolean {
  return text.charCodeAt(at) === 0x25 && isHex(text.charCodeAt(at + 1)) && isHex(text.charCodeAt(at + 2));
}

function isHex(unit: number): boolean {
  return (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x46) || (unit >= 0x61 && unit <= 0x66);
}
