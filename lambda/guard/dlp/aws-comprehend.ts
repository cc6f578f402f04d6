import { ComprehendClient, DetectPiiEntitiesCommand, type LanguageCode, type PiiEntity } from '@aws-sdk/client-comprehend';
import { withDlpLimits, type DlpLimits, type DlpService } from './service';
import { replaceTexts, textsOf } from './texts';

export interface ComprehendOptions extends DlpLimits {
  /** @default 'en' */
  readonly language?: 'en' | 'es';
  /** Entities that are less certain are left alone, 0 to 1. @default 0.9 */
  readonly minScore?: number;
  /** Entity types that are left alone, such as `DATE_TIME`. @default - DATE_TIME, NAME, URL, AGE */
  readonly allowed?: readonly string[];
  /** @default - a client of the function's own role and region */
  readonly client?: ComprehendClient;
}

/** What the service takes at once, in bytes of UTF-8, with room to spare. */
const MAX_BYTES = 90_000;
const MAX_REQUESTS = 16;

/** Amazon Comprehend as DLP service: takes the personal data out that it detects. A result with more text than it can be asked about is a failure. */
export function createComprehendDlp({ language = 'en', minScore = 0.9, allowed = ['DATE_TIME', 'NAME', 'URL', 'AGE'], client = new ComprehendClient({}), ...limits }: ComprehendOptions = {}): DlpService {
  return withDlpLimits(async (result, _exchange, signal) => {
    const texts = [...new Set(textsOf(result))].filter((text) => text.length >= 8);
    const pieces = texts.flatMap((text) => split(text).map((piece) => ({ text, piece })));
    if (pieces.length > MAX_REQUESTS) throw new Error('the result holds more texts than Comprehend is asked about');
    const cleaned = new Map<string, string>();
    const ids = new Set<string>();
    const answers = await Promise.all(pieces.map(({ piece }) => client.send(new DetectPiiEntitiesCommand({ Text: piece, LanguageCode: language as LanguageCode }), { abortSignal: signal })));
    answers.forEach(({ Entities = [] }, index) => {
      const { text, piece } = pieces[index]!;
      const found = Entities.filter(({ Score = 0, Type = '' }) => Score >= minScore && !allowed.includes(Type));
      for (const { Type } of found) ids.add(`comprehend-${Type}`);
      cleaned.set(text, (cleaned.get(text) ?? '') + withoutEntities(piece, found));
    });
    return ids.size === 0 ? { action: 'allow', ids: [] } : { action: 'replace', ids: [...ids], value: replaceTexts(result, cleaned) };
  }, limits);
}

/** Pieces that together are the text, each small enough, cut at spaces where there are some. */
function split(text: string): readonly string[] {
  const pieces: string[] = [];
  for (let rest = text; rest !== ''; ) {
    let end = rest.length;
    while (Buffer.byteLength(rest.slice(0, end)) > MAX_BYTES) end = Math.floor(end / 2);
    if (end < rest.length) end = rest.lastIndexOf(' ', end) > 0 ? rest.lastIndexOf(' ', end) : end;
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return pieces;
}

/** Offsets count characters, not UTF-16 units. */
function withoutEntities(piece: string, entities: readonly PiiEntity[]): string {
  if (entities.length === 0) return piece;
  const characters = [...piece];
  const parts: string[] = [];
  let at = 0;
  for (const { BeginOffset = 0, EndOffset = 0, Type = '' } of [...entities].sort((a, b) => (a.BeginOffset ?? 0) - (b.BeginOffset ?? 0))) {
    if (BeginOffset < at) continue;
    parts.push(characters.slice(at, BeginOffset).join(''), `[removed:comprehend-${Type.toLowerCase()}]`);
    at = EndOffset;
  }
  return parts.join('') + characters.slice(at).join('');
}
