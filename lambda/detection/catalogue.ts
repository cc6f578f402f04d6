import { ANNOTATION_RULES } from './annotations';
import { LEARNED, MEANT } from './model';
import { RELATION_RULES } from './relations';
import { ENCODED } from './rules/encoded';
import { MARKUP } from './rules/markup';
import { OBFUSCATION } from './rules/obfuscation';
import { PAYLOADS } from './rules/payload';
import { PHRASE_RULES } from './rules/phrases';
import type { RuleInfo } from './rules/rule';
import { NO_DEFINITION, TOO_LARGE } from './rules/unreadable';

/** Every rule that the detector knows, by id. */
export const RULES: readonly RuleInfo[] = [
  TOO_LARGE,
  NO_DEFINITION,
  ...Object.values(OBFUSCATION),
  ...MARKUP,
  ...PHRASE_RULES,
  ...PAYLOADS,
  ...Object.values(ENCODED),
  ...Object.values(RELATION_RULES),
  ...Object.values(ANNOTATION_RULES),
  LEARNED,
  MEANT,
]
  .map(({ id, severity, sentence, safId, owaspId }) => ({ id, severity, sentence, ...(safId ? { safId } : {}), ...(owaspId ? { owaspId } : {}) }))
  .sort((a, b) => a.id.localeCompare(b.id));
