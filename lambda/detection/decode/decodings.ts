/** A text inside a text, and how it was written. */
export interface Decoding {
  readonly encoding: 'base64' | 'hex' | 'percent' | 'entities' | 'unicodeEscape' | 'rot13' | 'reversed' | 'spaced' | 'hidden' | 'base32';
  readonly text: string;
  /** Span of the encoded form in the text that it was found in. */
  readonly start: number;
  readonly end: number;
}

/** No more than this of one text is decoded, and so many runs: real ones are few, and time has to stay linear. */
const MAX_RUNS = 50;
const MAX_RUN = 20_000;

/** All runs of `text` that may be another text in disguise. Nothing here is suspicious by itself. */
export function decodings(text: string): readonly Decoding[] {
  const found: Decoding[] = [];
  for (const [encoding, pattern, decode] of RUNS) {
    pattern.lastIndex = 0;
    for (let runs = 0; runs < MAX_RUNS; runs++) {
      const match = pattern.exec(text);
      if (!match) break;
      const decoded = decode(match[0].slice(0, MAX_RUN));
      if (decoded !== undefined && decoded !== match[0]) found.push({ encoding, text: decoded, start: match.index, end: match.index + match[0].length });
    }
  }
  return found;
}

/** The whole text read in a way that leaves no trace in single words: backwards, or shifted by thirteen letters. */
export function wholeDecodings(text: string): readonly Decoding[] {
  const part = text.slice(0, MAX_RUN);
  const whole = { start: 0, end: text.length };
  return [
    { encoding: 'rot13', text: rot13(part), ...whole },
    { encoding: 'reversed', text: [...part].reverse().join(''), ...whole },
  ];
}

type Run = readonly [encoding: Decoding['encoding'], pattern: RegExp, decode: (run: string) => string | undefined];

const RUNS: readonly Run[] = [
  ['base64', /[A-Za-z0-9+/_-]{20,}={0,2}/g, base64],
  ['base32', /\b[A-Z2-7]{24,}={0,6}/g, base32],
  ['hex', /\b(?:0x)?[0-9a-fA-F]{24,}\b/g, (run) => readable(bytes(run.replace(/^0x/, '').match(/../g) ?? []))],
  ['hex', /(?:[0-9a-fA-F]{2}[ :,]){11,}[0-9a-fA-F]{2}/g, (run) => readable(bytes(run.match(/[0-9a-fA-F]{2}/g) ?? []))],
  ['hex', /(?:\\x[0-9a-fA-F]{2}){4,}/g, (run) => readable(bytes(run.match(/[0-9a-fA-F]{2}/g) ?? []))],
  ['unicodeEscape', /(?:\\u[0-9a-fA-F]{4}){4,}/g, (run) => readable((run.match(/[0-9a-fA-F]{4}/g) ?? []).map((code) => String.fromCharCode(parseInt(code, 16))).join(''))],
  ['percent', /(?:[\w.~-]{0,32}%[0-9a-fA-F]{2}){2,}[\w.~-]{0,64}/g, percent],
  ['entities', /(?:[\w \t.,]{0,32}&(?:#\d{2,6}|#x[0-9a-fA-F]{2,5}|[a-z]{2,6});){1,}[\w \t.,]{0,64}/g, entities],
  ['spaced', /\b\w(?:[ ._*|-]{1,3}\w\b){5,}/g, spaced],
];

function bytes(codes: readonly string[]): string {
  return Buffer.from(codes.map((code) => parseInt(code, 16))).toString('utf8');
}

/** Only what is text: letters and spaces for the most part. */
function readable(text: string): string | undefined {
  if (text.length < 8) return undefined;
  let plain = 0;
  const part = text.slice(0, 2_000);
  for (const character of part) if (/[\p{L}\p{M}\d\s.,:;!?'"()/@_~-]/u.test(character)) plain += 1;
  return plain >= part.length * 0.9 ? text : undefined;
}

function base64(run: string): string | undefined {
  return readable(Buffer.from(run, run.includes('-') || run.includes('_') ? 'base64url' : 'base64').toString('utf8'));
}

function base32(run: string): string | undefined {
  const codes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of run.replace(/=+$/, '')) {
    value = ((value << 5) | 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character)) & 0xffff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    codes.push((value >> bits) & 0xff);
  }
  return readable(Buffer.from(codes).toString('utf8'));
}

function percent(run: string): string | undefined {
  try {
    return decodeURIComponent(run);
  } catch {
    return undefined;
  }
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: ' ' };

function entities(run: string): string {
  return run.replace(/&(?:#(\d{2,6})|#x([0-9a-fA-F]{2,5})|([a-z]{2,6}));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = decimal !== undefined ? Number(decimal) : parseInt(hex!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** `i g n o r e   a l l`: wider gaps part words. */
function spaced(run: string): string {
  return run.replace(/(\w)[ ._*|-](?=\w)/g, '$1').replace(/[ ._*|-]{2,}/g, ' ');
}

function rot13(text: string): string {
  return text.replace(/[a-zA-Z]/g, (letter) => {
    const code = letter.charCodeAt(0);
    const base = code >= 0x61 ? 0x61 : 0x41;
    return String.fromCharCode(((code - base + 13) % 26) + base);
  });
}
