import type { Oddity } from '../normalise';
import type { Reading } from '../reading';
import type { Hit } from './hit';
import type { RuleInfo } from './rule';

const rule = (id: string, severity: RuleInfo['severity'], sentence: string): RuleInfo => ({ id, severity, sentence, safId: 'SAF-T1402', owaspId: 'MCP03', wordless: true });

/** Characters that a person does not see and a model reads. */
export const OBFUSCATION = {
  tags: rule('TP-101', 'critical', 'It holds text in Unicode tag characters, which no reader can see.'),
  zeroWidth: rule('TP-102', 'high', 'It holds zero-width characters where no script needs them.'),
  bidi: rule('TP-103', 'high', 'It changes the direction of text, so that it reads differently from what it says.'),
  variation: rule('TP-104', 'high', 'It holds variation selectors that select nothing and may carry a message.'),
  confusable: rule('TP-105', 'high', 'It imitates letters with those of another script.'),
  escape: rule('TP-106', 'high', 'It holds control characters, which can hide or rewrite what a terminal shows.'),
  combining: rule('TP-107', 'medium', 'It piles up combining marks.'),
  privateUse: rule('TP-108', 'low', 'It holds private-use characters, whose meaning depends on a font.'),
  outOfSight: rule('TP-109', 'high', 'It pushes text out of sight with empty space.'),
  spaced: rule('TP-110', 'medium', 'It spells words with separators between their letters.'),
} as const;

const RULE_OF: Readonly<Record<Oddity['kind'], RuleInfo>> = {
  tag: OBFUSCATION.tags,
  zeroWidth: OBFUSCATION.zeroWidth,
  bidi: OBFUSCATION.bidi,
  variation: OBFUSCATION.variation,
  confusable: OBFUSCATION.confusable,
  control: OBFUSCATION.escape,
  escape: OBFUSCATION.escape,
  combining: OBFUSCATION.combining,
  private: OBFUSCATION.privateUse,
};

/** What the reading found hidden, once for each kind, and long empty space with text behind it. */
export function obfuscationHits({ field, normalised }: Reading): readonly Hit[] {
  const { pointer, text } = field;
  const hits = new Map<RuleInfo, Hit>();
  for (const { kind, start, end } of normalised.oddities) {
    const broken = RULE_OF[kind];
    if (!hits.has(broken)) hits.set(broken, { rule: broken, pointer, start, end });
  }
  const found = [...hits.values()];
  const gap = emptySpace(text);
  if (gap) found.push({ rule: OBFUSCATION.outOfSight, pointer, ...gap });
  return found;
}

/** At least so much space inside one line, or so many empty lines, has no other use. */
const SPACES = 60;
const LINES = 6;

function emptySpace(text: string): { readonly start: number; readonly end: number } | undefined {
  for (let at = 0; at < text.length; at++) {
    if (!isSpace(text.charCodeAt(at))) continue;
    const start = at;
    let lines = 0;
    let inLine = 0;
    for (; at < text.length && isSpace(text.charCodeAt(at)); at++) {
      if (text.charCodeAt(at) === 0x0a) {
        lines += 1;
        inLine = 0;
      } else inLine += 1;
    }
    // Indentation after a line end is layout; a run inside a line is not.
    if (at < text.length && start > 0 && (lines >= LINES || (lines === 0 && inLine >= SPACES))) return { start, end: at };
  }
  return undefined;
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) || unit === 0xa0 || unit === 0x3000 || (unit >= 0x2000 && unit <= 0x200a);
}
