import type { Reading } from '../reading';
import type { Hit } from './hit';
import type { RuleInfo } from './rule';

interface MarkupRule extends RuleInfo {
  /** Against the normalised (lower case) text; sticky or nested quantifiers are not allowed here, a test sees to it. */
  readonly patterns: readonly RegExp[];
}

/** Frames that make a part of the text look like something else than a description. */
export const MARKUP: readonly MarkupRule[] = [
  {
    id: 'TP-201',
    severity: 'medium',
    sentence: 'It holds a comment that a rendered description does not show.',
    safId: 'SAF-T1402',
    owaspId: 'MCP03',
    patterns: [/<!--/g, /^\[\/\/\]: #/gm, /\[comment\]: #/g, /\/\*(?:\s|system|hidden|ai|note)/g],
  },
  {
    id: 'TP-202',
    severity: 'high',
    sentence: 'It frames a part as an order to the reader with a made-up tag.',
    safId: 'SAF-T1001',
    owaspId: 'MCP03',
    patterns: [
      /<\/?(?:(?!response|usage|setup)[a-z]+[_ -])?(?:important|critical|system|hidden|secret|instructions?|admin|override|directive|private|internal|priority|urgent|attention|mandatory|confidential|assistant|prompt|payload|policy|rules?|reminder|note[_ -]to[_ -]ai|ai[_ -]only|invisible|injected|command|must|warning)(?:[_ -](?!notes?>)[a-z]+)?>/g,
      /[[{]{1,3}\s?(?:system|admin|hidden|secret|shadow|internal|important|critical|override|directive|priority|root|developer|confidential|emergency|configuration|metadata|role|security|compliance|global|ai|assistant|agent|llm|instruction)(?=[\s\])}:])(?:\s(?:system|override|instructions?|directive|message|prompt|note|context|notice|command|update|policy|only|config|configuration|mode|operator))?[\])}]/g,
      /#{2,12}\s?(?:system|hidden|secret|admin|important|override|instructions?|new)(?:\s(?:instructions?|prompt|message|override|directive|note))?\s?(?::|#{2,12}|$)/gm,
      /-{3,12}\s?(?:critical|system|hidden|secret|admin|new|important)\s[a-z ]{0,40}-{3,12}/g,
      /(?:={3,12}|\*{3,12}|>{3,12})\s?(?:begin|end|critical|system|hidden|secret|admin|override)\s[a-z ]{0,40}(?:={3,12}|\*{3,12}|<{3,12})/g,
    ],
  },
  {
    id: 'TP-203',
    severity: 'critical',
    sentence: 'It holds the tokens by which a chat template marks who is speaking.',
    safId: 'SAF-T1102',
    owaspId: 'MCP06',
    patterns: [
      /\[\/?inst\]/g,
      /<\|[a-z_]{2,20}\|>/g,
      /<<\/?sys>>/g,
      /<\/?(?:start|end)_of_turn>/g,
      /#{2,12}\s?(?:instruction|response|human|assistant|system)\s?:/g,
      /(?:^|\n)\s?(?:human|assistant|system|user)\s?:\s?(?:you|ignore|please|i|always|never|forget|disregard)\b/g,
      /<\/?(?:function_calls|tool_call|tool_response|antml|invoke|function_results)\b/g,
      /"role"\s?:\s?"(?:system|assistant|developer)"/g,
    ],
  },
  {
    id: 'TP-204',
    severity: 'medium',
    sentence: 'It claims in a heading to speak for the system or to hold hidden orders.',
    safId: 'SAF-T1402',
    owaspId: 'MCP03',
    patterns: [
      /(?:^|[\n.!?\])>"-]\s{0,4})(?:system|sysadmin|administrator|admin|developer|operator)\s?:/g,
      /(?:hidden|secret|system|admin|override|internal|developer|ai|agent|assistant|model|llm|emergency|authoritative|covert|security|special|configuration|important system|critical)\s(?:instructions?|directives?|override|prompt|commands?|note|notice|message|requirement|protocol|verification)\s?(?:\[[^\]]{0,40}\]\s?)?:/g,
      /note\s{1,4}to\s{1,4}(?:the\s)?(?:ai|llm|assistant|model|agent|claude|gpt|self)\b/g,
      /(?:^|[\n.!?]\s{0,4})(?:hidden|secret|ai only|for ai only|for the ai|llm only|attention ai)\s?:/g,
    ],
  },
  {
    id: 'TP-205',
    severity: 'high',
    sentence: 'It holds active content, or an image or link that would carry data away.',
    safId: 'SAF-T1901',
    owaspId: 'MCP03',
    patterns: [
      /<script\b[^>]{0,200}>[^<]/g,
      /<iframe\b/g,
      /<[a-z]{1,10}\s[^>]{0,200}\bon(?:error|load|click)\s?=/g,
      /javascript:[a-z(]/g,
      /data:text\/html/g,
      /!\[[^\]\n]{0,100}\]\(\s?https?:\/\/[^)\s?]{1,200}\?[^)\s={<]{0,60}[={<]/g,
      /["'{;]\s?(?:display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0|opacity\s?:\s?0(?:[^.\d]|$)|color\s?:\s?(?:white|transparent|#fff))/g,
      /<(?:div|span|p)\s[^>]{0,100}hidden[^>]{0,100}>/g,
    ],
  },
  {
    id: 'TP-206',
    severity: 'high',
    sentence: 'It puts a part between made-up tags that claim to outrank what stands around them.',
    safId: 'SAF-T1001',
    owaspId: 'MCP03',
    // What stands between them may be two harmless words: the frame is what is objected to.
    wordless: true,
    patterns: [/<\/(?:important|critical|system|hidden|secret|override|directive|mandatory|urgent|attention|confidential|admin)>/g],
  },
];

/** The first hit of each markup rule. */
export function markupHits({ field, normalised }: Reading): readonly Hit[] {
  const { text } = normalised;
  const hits: Hit[] = [];
  // No frame is made without one of these.
  if (!/[<[{(#:=*-]/.test(text)) return hits;
  for (const rule of MARKUP) {
    for (const pattern of rule.patterns) {
      pattern.lastIndex = 0;
      const match = pattern.exec(text);
      if (!match) continue;
      const end = match.index + match[0].length;
      hits.push({ rule, pointer: field.pointer, start: normalised.originalOffset(match.index), end: normalised.originalOffset(end) });
      break;
    }
  }
  return hits;
}
