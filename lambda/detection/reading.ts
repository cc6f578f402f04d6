import { normalise, type NormalisedText } from './normalise';
import { VOCABULARIES, Lexicon, literalConcepts, words, type Occurrence, type Vocabulary, type Word } from './language';
import type { TextField } from './types';

/** A text as the rules see it. */
export interface Reading {
  readonly field: TextField;
  readonly normalised: NormalisedText;
  readonly words: readonly Word[];
  /** In the order of their first words. */
  readonly occurrences: readonly Occurrence[];
}

/** What identifiers in a text stand for: the definition's own name and parameters, and the tools of others. */
export interface Names {
  readonly own: string;
  readonly parameters: ReadonlySet<string>;
  /** Normalised names of other tools that may be known; a name that only looks like one of a tool counts as well. */
  readonly others: ReadonlySet<string>;
}

/** Reads texts with a vocabulary of concepts. */
export class Reader {
  private readonly lexicon: Lexicon;

  constructor(extra: Vocabulary) {
    this.lexicon = new Lexicon([...VOCABULARIES, extra]);
  }

  read(field: TextField, names: Names): Reading {
    const normalised = normalise(field.text);
    const sequence = words(normalised.text);
    const occurrences = [...this.lexicon.find(sequence), ...literals(sequence, names)].sort((a, b) => a.first - b.first);
    return { field, normalised, words: sequence, occurrences };
  }
}

function literals(sequence: readonly Word[], names: Names): readonly Occurrence[] {
  const found: Occurrence[] = [];
  sequence.forEach(({ text }, index) => {
    if (text.length === 1) return;
    const push = (concept: string) => void found.push({ concept, first: index, last: index });
    if (text === names.own) push('thisTool');
    else if (names.others.has(text)) push('otherTool');
    else if (names.parameters.has(text)) push('ownParameter');
    else {
      for (const concept of literalConcepts(text)) push(concept);
      if (looksLikeTool(text) || (/^[a-z]\w*_\w+$/.test(text) && isCalledTool(sequence, index))) push('otherTool');
    }
  });
  return found;
}

/** `the send_email tool`, `tool read_file`. */
function isCalledTool(sequence: readonly Word[], index: number): boolean {
  return TOOL_WORDS.has(sequence[index + 1]?.text ?? '') || TOOL_WORDS.has(sequence[index - 1]?.text ?? '');
}

const TOOL_WORDS: ReadonlySet<string> = new Set(['tool', 'tools', 'function']);

const TOOL_VERBS: ReadonlySet<string> = new Set(
  `read write send get set list create delete update search fetch execute run call query find upload download post put add remove edit move copy open save load make
  transfer browse scrape post reply forward check verify validate`.split(/\s+/),
);

/** `send_email`: a verb, and what it is done to. */
function looksLikeTool(text: string): boolean {
  const end = text.indexOf('_');
  return end > 0 && end < text.length - 1 && TOOL_VERBS.has(text.slice(0, end)) && /^\w+$/.test(text);
}
