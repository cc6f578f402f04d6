import { isJsonObject, type ToolDefinition } from '../protocol';
import { annotationHits } from './annotations';
import { foldWord } from './normalise';
import { Reader, type Names, type Reading } from './reading';
import { relationHits, toolNamesBeside } from './relations';
import { encodedHits } from './rules/encoded';
import { findingOf, type Hit } from './rules/hit';
import { markupHits } from './rules/markup';
import { obfuscationHits } from './rules/obfuscation';
import { payloadHits } from './rules/payload';
import { PHRASE_WORDS, phraseHits, type PhraseHit } from './rules/phrases';
import type { RuleInfo } from './rules/rule';
import { DefinitionTooLarge, textFields } from './text-fields';
import type { DetectionResult, Finding, Placed, TextField } from './types';
import { scoreOf, verdictOf } from './verdict';

const reader = new Reader(PHRASE_WORDS);

/**
 * Decides whether a model should ever read a tool's definition (TD-1, TD-2, TD-3), from the definition alone or, with
 * `placed`, from the registry it stands in as well. A pure function: no network, clock or file. Never throws: what cannot
 * be checked is rejected.
 */
export function detect(tool: ToolDefinition, placed?: Placed): DetectionResult {
  return judge(tool, () => [...annotationHits(tool), ...(placed ? relationHits(tool, placed) : [])], namesOf(tool, placed));
}

/** Decides the same about the instructions of a server, which a model reads as much as its tools. */
export function detectInstructions(instructions: string): DetectionResult {
  return judge({ instructions }, () => [], { own: '', parameters: new Set(), others: new Set() });
}

const TOO_LARGE: RuleInfo = { id: 'TP-001', severity: 'critical', sentence: 'It is too large or too deep to be checked.', owaspId: 'MCP03' };

function judge(definition: object, structural: () => readonly Hit[], names: Names): DetectionResult {
  let fields: readonly TextField[];
  try {
    fields = textFields(definition);
  } catch (error) {
    if (!(error instanceof DefinitionTooLarge)) throw error;
    return { verdict: 'reject', score: 1, findings: [findingOf({ rule: TOO_LARGE, pointer: '', start: 0, end: 0 })] };
  }
  const hits = [...structural(), ...fields.flatMap((field) => fieldHits(field, names))];
  const score = scoreOf(hits);
  return { verdict: verdictOf(score), score, findings: findingsOf(hits) };
}

function fieldHits(field: TextField, names: Names): readonly Hit[] {
  const reading = reader.read(field, names);
  return [
    ...obfuscationHits(reading),
    ...markupHits(reading),
    ...payloadHits(reading),
    ...phraseHits(reading).map((hit) => inOriginal(hit, reading)),
    ...encodedHits(reading, reader, names),
  ];
}

function inOriginal({ rule, first, last }: PhraseHit, reading: Reading): Hit {
  const { words, normalised, field } = reading;
  return {
    rule,
    pointer: field.pointer,
    start: normalised.originalOffset(words[first]!.start),
    end: normalised.originalOffset(words[last]!.end),
    discounted: isSaidAbout(reading, first, last),
  };
}

/** In quotation or code as a whole, or in a sentence that begins with looking for such things. */
function isSaidAbout({ words, occurrences }: Reading, first: number, last: number): boolean {
  if (words[first]!.quoted && words[last]!.quoted) return true;
  const { sentence } = words[first]!;
  let begin = first;
  while (begin > 0 && words[begin - 1]!.sentence === sentence) begin -= 1;
  return occurrences.some((occurrence) => occurrence.concept === 'detects' && occurrence.first >= begin && occurrence.first <= begin + 2 && occurrence.first < first);
}

/** No more than this for one definition: a reviewer reads no more. */
const MAX_FINDINGS = 100;

const ORDER = ['critical', 'high', 'medium', 'low', 'info'];

/** Worst first, then in the order of the text; one finding for a rule and a place. */
function findingsOf(hits: readonly Hit[]): readonly Finding[] {
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const hit of hits) {
    const key = `${hit.rule.id} ${hit.pointer} ${hit.start}`;
    if (seen.has(key)) continue;
    seen.add(key);
    findings.push(findingOf(hit));
  }
  return findings.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity)).slice(0, MAX_FINDINGS);
}

function namesOf(tool: ToolDefinition, placed: Placed | undefined): Names {
  const schema: unknown = tool.inputSchema;
  const properties = isJsonObject(schema) ? (isJsonObject(schema.properties) ? schema.properties : schema) : {};
  return {
    own: typeof tool.name === 'string' ? foldWord(tool.name) : '',
    parameters: new Set(Object.keys(properties).map(foldWord)),
    others: placed ? toolNamesBeside(placed) : new Set(),
  };
}
