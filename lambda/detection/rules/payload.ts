import type { Reading } from '../reading';
import type { TextKind } from '../types';
import type { Hit } from './hit';
import type { RuleInfo } from './rule';

interface PayloadRule extends RuleInfo {
  /** Kinds of text where nothing of this belongs; elsewhere it is described, not given. */
  readonly kinds: ReadonlySet<TextKind>;
  readonly patterns: readonly RegExp[];
}

const VALUES: ReadonlySet<TextKind> = new Set(['schemaText', 'annotation', 'meta']);

/** Values in a schema (defaults, examples, choices) that do harm as they are. */
export const PAYLOADS: readonly PayloadRule[] = [
  {
    id: 'TP-711',
    severity: 'high',
    sentence: 'A value in its schema runs a command.',
    safId: 'SAF-T1101',
    owaspId: 'MCP05',
    wordless: true,
    kinds: VALUES,
    patterns: [/(?:^|[;&|`])\s?(?:cat|curl|wget|nc|bash|sh|rm|chmod|powershell|python3?|whoami|id)\s+[-/.~h'"]/, /\$\((?:cat|curl|wget|id|whoami)\b/, /`(?:cat|curl|wget|id|whoami)\b/, /\brm\s+-rf?\b/],
  },
  {
    id: 'TP-712',
    severity: 'high',
    sentence: 'A value in its schema is a path out of its folder or to a file with secrets.',
    safId: 'SAF-T1105',
    owaspId: 'MCP05',
    wordless: true,
    kinds: VALUES,
    patterns: [/(?:\.\.[\\/]){2,}/, /^(?:\/etc\/(?:passwd|shadow|sudoers)|~?\/?(?:root|home\/\w{1,32})?\/?\.(?:ssh|aws|gnupg|kube)\b)/, /%2e%2e(?:%2f|\/)/],
  },
  {
    id: 'TP-713',
    severity: 'high',
    sentence: 'A value in its schema leads to an address inside: metadata of a cloud, or an administration page.',
    safId: 'SAF-T1110',
    owaspId: 'MCP05',
    wordless: true,
    kinds: VALUES,
    patterns: [/^https?:\/\/169\.254\.169\.254/, /^https?:\/\/metadata\.google\.internal/, /^https?:\/\/(?:127\.0\.0\.1|localhost|0\.0\.0\.0)(?::\d{1,5})?\/admin/],
  },
  {
    id: 'TP-714',
    severity: 'high',
    sentence: 'A value in its schema breaks out of a query.',
    safId: 'SAF-T1101',
    owaspId: 'MCP05',
    wordless: true,
    kinds: VALUES,
    patterns: [/\bunion\s(?:all\s)?select\b/, /'\s?or\s'?1'?\s?=\s?'?1/, /;\s?drop\stable\b/],
  },
];

/** The first hit of each payload rule, in the kinds of text that it holds for. */
export function payloadHits({ field, normalised }: Reading): readonly Hit[] {
  const hits: Hit[] = [];
  for (const rule of PAYLOADS) {
    if (!rule.kinds.has(field.kind)) continue;
    for (const pattern of rule.patterns) {
      const match = pattern.exec(normalised.text);
      if (!match) continue;
      const end = match.index + match[0].length;
      hits.push({ rule, pointer: field.pointer, start: normalised.originalOffset(match.index), end: normalised.originalOffset(end) });
      break;
    }
  }
  return hits;
}
