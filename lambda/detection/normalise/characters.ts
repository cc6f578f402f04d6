/** What a character does that a reader does not see; `plain` for all others. */
export type CharacterClass =
  | 'plain'
  /** Takes no room: zero-width space and joiners, soft hyphen, word joiner, invisible operators, fillers. */
  | 'zeroWidth'
  /** U+E0000 block: ASCII that no font shows. */
  | 'tag'
  /** Chooses between forms of the character before it; in a row, carries bytes. */
  | 'variation'
  /** Changes the order in which text is shown. */
  | 'bidi'
  /** A mark on the character before it. */
  | 'combining'
  /** C0 and C1 other than tab and line ends. */
  | 'control'
  /** Means whatever a font decides. */
  | 'private';

/** Class of a code point. Only called above U+007E and for controls. */
export function characterClass(codePoint: number): CharacterClass {
  if (codePoint < 0xa0) return isControl(codePoint) ? 'control' : 'plain';
  if (codePoint < 0x300) return codePoint === 0xad ? 'zeroWidth' : 'plain';
  if (isCombining(codePoint)) return codePoint === 0x34f ? 'zeroWidth' : 'combining';
  if (isBidi(codePoint)) return 'bidi';
  if (isZeroWidth(codePoint)) return 'zeroWidth';
  if (isVariation(codePoint)) return 'variation';
  if (codePoint >= 0xe0000 && codePoint <= 0xe007f) return 'tag';
  if ((codePoint >= 0xe000 && codePoint <= 0xf8ff) || codePoint >= 0xf0000) return 'private';
  return 'plain';
}

function isControl(codePoint: number): boolean {
  return (codePoint < 0x20 && codePoint !== 0x09 && codePoint !== 0x0a && codePoint !== 0x0d) || (codePoint >= 0x7f && codePoint !== 0x85);
}

/** The marks of no script in particular; those that a script needs to be read stay. */
function isCombining(codePoint: number): boolean {
  return (
    codePoint <= 0x36f ||
    (codePoint >= 0x483 && codePoint <= 0x489) ||
    (codePoint >= 0x1ab0 && codePoint <= 0x1aff) ||
    (codePoint >= 0x1dc0 && codePoint <= 0x1dff) ||
    (codePoint >= 0x20d0 && codePoint <= 0x20ff) ||
    (codePoint >= 0xfe20 && codePoint <= 0xfe2f)
  );
}

function isBidi(codePoint: number): boolean {
  return (codePoint >= 0x202a && codePoint <= 0x202e) || (codePoint >= 0x2066 && codePoint <= 0x2069);
}

function isZeroWidth(codePoint: number): boolean {
  return (
    (codePoint >= 0x200b && codePoint <= 0x200f) ||
    (codePoint >= 0x2060 && codePoint <= 0x2065) ||
    (codePoint >= 0x206a && codePoint <= 0x206f) ||
    codePoint === 0x61c ||
    codePoint === 0x115f ||
    codePoint === 0x1160 ||
    codePoint === 0x17b4 ||
    codePoint === 0x17b5 ||
    codePoint === 0x180e ||
    codePoint === 0x2800 ||
    codePoint === 0x3164 ||
    codePoint === 0xfeff ||
    codePoint === 0xffa0 ||
    (codePoint >= 0xfff9 && codePoint <= 0xfffb)
  );
}

function isVariation(codePoint: number): boolean {
  return (codePoint >= 0xfe00 && codePoint <= 0xfe0f) || (codePoint >= 0xe0100 && codePoint <= 0xe01ef) || (codePoint >= 0x180b && codePoint <= 0x180d);
}

/** Scripts whose spelling needs zero-width joiners or direction marks: Hebrew, Arabic and its kin, those of India, South-East Asia, Mongolian. */
export function needsJoiners(codePoint: number): boolean {
  return (codePoint >= 0x590 && codePoint <= 0x109f) || (codePoint >= 0x1780 && codePoint <= 0x18af) || (codePoint >= 0xfb1d && codePoint <= 0xfefc);
}

/** Pictographs, which are joined and coloured by invisible characters. */
export function isPictograph(codePoint: number): boolean {
  return (
    (codePoint >= 0x1f000 && codePoint <= 0x1faff) ||
    (codePoint >= 0x2190 && codePoint <= 0x2bff) ||
    (codePoint >= 0x3000 && codePoint <= 0x33ff) ||
    codePoint === 0x203c ||
    codePoint === 0x2049 ||
    (codePoint >= 0x2100 && codePoint <= 0x214f) ||
    codePoint === 0xa9 ||
    codePoint === 0xae ||
    codePoint === 0x23 ||
    codePoint === 0x2a ||
    (codePoint >= 0x30 && codePoint <= 0x39)
  );
}
