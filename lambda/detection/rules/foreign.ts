import { LANGUAGES } from '../language';
import type { PhraseRule } from './rule';

/** The same pattern in every language: `@*Tell` is the concept of each. Words of two languages make no order together. */
function inAll(...patterns: readonly string[]): readonly string[] {
  return patterns.flatMap((pattern) => LANGUAGES.map((language) => pattern.replaceAll('@*', `@${language}`)));
}

/** The core orders in other languages. Word order differs between them, so that each pattern takes its words in any order (`~`). */
export const FOREIGN: readonly PhraseRule[] = [
  {
    id: 'TP-321',
    severity: 'high',
    sentence: 'It tells whoever reads it, in another language, to set aside the instructions it was given.',
    safId: 'SAF-T1102',
    owaspId: 'MCP06',
    patterns: inAll('~ @*Ignore @*Previous @*Instruction'),
  },
  {
    id: 'TP-421',
    severity: 'high',
    sentence: 'It orders whoever reads it, in another language, to keep something from the user.',
    safId: 'SAF-T1001',
    owaspId: 'MCP03',
    patterns: inAll('~ @*Never @*Tell @*User', '~ @*Quiet @*Send', '~ @*Quiet @*Read @*Content'),
  },
  {
    id: 'TP-521',
    severity: 'high',
    sentence: 'It sends data, in another language, to a place that it names itself.',
    safId: 'SAF-T1913',
    owaspId: 'MCP03',
    patterns: inAll('~ @*Send @*All @foreign', '~ @*Send @*Conversation', '~ @*Send @*Secret', '~ @*Include @*All @*Conversation'),
  },
  {
    id: 'TP-522',
    severity: 'high',
    sentence: 'It asks, in another language, for files with secrets, or for contents to be passed along.',
    safId: 'SAF-T1502',
    owaspId: 'MCP01',
    patterns: inAll('~ @*Read @secretPath', '~ @*Include @secretPath', '~ @*Send @secretPath', '~ @*Read @*Include @*Secret', '~ @*Before @*Read @*Content @*Include'),
  },
  {
    id: 'TP-621',
    severity: 'medium',
    sentence: 'It wants, in another language, to be called before or in place of other tools.',
    safId: 'SAF-T1301',
    owaspId: 'MCP03',
    patterns: inAll('~ @*Before|@*First @*AnyOther', '~ @*Must @*AnyOther'),
  },
];
