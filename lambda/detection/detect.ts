import { isJsonObject, type ToolDefinition } from '../protocol';
import { annotationHits } from './annotations';
import { firstOccurrence, type Word } from './language';
import { modelHits, scoreFields } from './model';
import { foldWord } from './normalise';
import { Reader, type Names, type Reading } from './reading';
import { namedToolHits, relationHits, toolNamesBeside } from './relations';
import { encodedHits } from './rules/encoded';
import { findingOf, type Hit } from './rules/hit';
import { markupHits } from './rules/markup';
import { obfuscationHits } from './rules/obfuscation';
import { payloadHits } from './rules/payload';
import { PHRASE_WORDS, phraseHits, type PhraseHit } from './rules/phrases';
import type { RuleInfo } from './rules/rule';
import { NO_DEFINITION, TOO_LARGE } from './rules/unreadable';
import { DefinitionTooLarge, textFields } from './text-fields';
import type { DetectionResult, Finding, ModelScore, Placed, TextField } from './types';
import { evidenceOf, scoreOf, verdictOf, type Combination, type Evidence } from './verdict';
import { COMBINATION } from './combination';

const reader = new Reader(PHRASE_WORDS);

/** What was learned from examples: what ships, unless a measurement brings its own. */
export interface Learned {
  readonly model: (fields: readonly TextField[]) => ModelScore;
  readonly combination: Combination;
}

const SHIPPED: Learned = { model: scoreFields, combination: COMBINATION };

/**
 * Decides whether a model should ever read a tool's definition (TD-1, TD-2, TD-3), from the definition alone or, with
 * `placed`, from the registry it stands in as well. A pure function: no network, clock or file. Never throws: what cannot
 * be checked is rejected.
 */
export function detect(tool: ToolDefinition, placed?: Placed, { model, combination }: Learned = SHIPPED): DetectionResult {
  if (!isJsonObject(tool)) return refuse(NO_DEFINITION);
  const examined = examine(tool, () => [...annotationHits(tool), ...(placed ? relationHits(tool, placed) : [])], namesOf(tool, placed), model);
  return judge(examined, combination);
}

/** What the layers have against a definition, unweighed, for training; of one that cannot be read `undefined`. */
export function evidenceAgainst(tool: ToolDefinition, model: Learned['model']): Evidence | undefined {
  return examine(tool, () => annotationHits(tool), namesOf(tool, undefined), model)?.evidence;
}

/** Decides the same about the instructions of a server, which a model reads as much as its tools. */
export function detectInstructions(instructions: string): DetectionResult {
  return judge(examine({ instructions }, () => [], { own: '', parameters: new Set(), others: new Set() }, scoreFields), COMBINATION);
}

interface Examined {
  readonly hits: readonly Hit[];
  readonly evidence: Evidence;
}

/** `undefined` of what is too large to be read to its end. */
function examine(definition: object, structural: () => readonly Hit[], names: Names, model: Learned['model']): Examined | undefined {
  let fields: readonly TextField[];
  try {
    fields = textFields(definition);
  } catch (error) {
    if (!(error instanceof DefinitionTooLarge)) throw error;
    return undefined;
  }
  const readings = fields.map((field) => reader.read(field, names));
  const learned = model(fields);
  const suspected = modelHits(learned).map((hit) => discount(hit, readings));
  const hits = [...structural(), ...readings.flatMap((reading) => readingHits(reading, names)), ...suspected];
  return { hits, evidence: evidenceOf(hits, learned) };
}

function judge(examined: Examined | undefined, combination: Combination): DetectionResult {
  if (examined === undefined) return refuse(TOO_LARGE);
  const score = scoreOf(examined.evidence, combination);
  return { verdict: verdictOf(score), score, findings: findingsOf(examined.hits) };
}

function refuse(rule: RuleInfo): DetectionResult {
  return { verdict: 'reject', score: 1, findings: [findingOf({ rule, pointer: '', start: 0, end: 0 })] };
}

function readingHits(reading: Reading, names: Names): readonly Hit[] {
  return [
    ...obfuscationHits(reading),
    ...markupHits(reading),
    ...payloadHits(reading),
    ...phraseHits(reading).map((hit) => inOriginal(hit, reading)),
    ...encodedHits(reading, reader, names),
    ...namedToolHits(reading, names.others),
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

/** What the model objects to is discounted like the rules' findings: mostly quoted, or in a sentence about detecting. */
function discount(hit: Hit, readings: readonly Reading[]): Hit {
  const reading = readings.find(({ field }) => field.pointer === hit.pointer);
  if (!reading) return hit;
  const { words, normalised } = reading;
  const inside = words.filter(({ start }) => {
    const at = normalised.originalOffset(start);
    return at >= hit.start && at < hit.end;
  });
  const quoted = inside.filter((word) => word.quoted).length;
  const described = inside.length > 0 && beginsWithDetecting(reading, inside[0]!, Infinity);
  return described || (quoted > 0 && quoted * 2 >= inside.length) ? { ...hit, discounted: true } : hit;
}

/** In quotation or code as a whole, or in a sentence that begins with looking for such things. */
function isSaidAbout(reading: Reading, first: number, last: number): boolean {
  const { words } = reading;
  return (words[first]!.quoted && words[last]!.quoted) || beginsWithDetecting(reading, words[first]!, first);
}

/** Within its first words, and before word `until`, the sentence says that it detects, blocks or classifies. */
function beginsWithDetecting({ occurrences }: Reading, { sentenceStart }: Word, until: number): boolean {
  const end = Math.min(sentenceStart + 3, until);
  for (let at = firstOccurrence(occurrences, sentenceStart); at < occurrences.length && occurrences[at]!.first < end; at++) {
    if (occurrences[at]!.concept === 'detects') return true;
  }
  return false;
}

/** No more than this for one definition: a reviewer reads no more. */
const MAX_FINDINGS = 100;

const ORDER = ['critical', 'high', 'medium', 'low', 'info'];

/** Worst first, then in the order of the text. Hits of one rule whose spans touch are one finding. */
function findingsOf(hits: readonly Hit[]): readonly Finding[] {
  const merged: Hit[] = [];
  const place = new Map<string, number>();
  for (const hit of [...hits].sort((a, b) => a.start - b.start)) {
    const key = `${hit.rule.id} ${hit.pointer}`;
    const at = place.get(key);
    if (at !== undefined && hit.start <= merged[at]!.end) {
      if (hit.end > merged[at]!.end) merged[at] = { ...merged[at]!, end: hit.end };
    } else place.set(key, merged.push(hit) - 1);
  }
  return merged
    .sort((a, b) => ORDER.indexOf(a.rule.severity) - ORDER.indexOf(b.rule.severity))
    .slice(0, MAX_FINDINGS)
    .map(findingOf);
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
