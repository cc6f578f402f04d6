import { foldWord } from '../normalise';
import type { Word } from './words';
import { words } from './words';

/**
 * What phrases mean: a concept (`send`, `otherTool`, `user`) and its phrases. A phrase that ends in `*` stands for all
 * regular forms of its (English) last word; the part before the first slash of `a/b` phrases is not special.
 */
export type Vocabulary = Readonly<Record<string, readonly string[]>>;

/** An occurrence of a concept: words `first` to `last`, both inclusive. */
export interface Occurrence {
  readonly concept: string;
  readonly first: number;
  readonly last: number;
}

interface Node {
  readonly next: Map<string, Node>;
  concepts?: string[];
}

/** Finds concepts in words, in one pass over a tree of phrases. */
export class Lexicon {
  private readonly root: Node = { next: new Map() };
  private longest = 1;

  constructor(vocabularies: readonly Vocabulary[]) {
    for (const vocabulary of vocabularies) {
      for (const [concept, phrases] of Object.entries(vocabulary)) for (const phrase of phrases) this.add(concept, phrase);
    }
  }

  private add(concept: string, phrase: string): void {
    for (const form of phrase.endsWith('*') ? inflections(phrase.slice(0, -1)) : [phrase]) {
      const path = words(foldWord(form));
      let node = this.root;
      for (const { text } of path) {
        let next = node.next.get(text);
        if (!next) node.next.set(text, (next = { next: new Map() }));
        node = next;
      }
      if (!node.concepts?.includes(concept)) (node.concepts ??= []).push(concept);
      this.longest = Math.max(this.longest, path.length);
    }
  }

  has(word: string): boolean {
    return this.root.next.has(word);
  }

  /** All occurrences, in the order of their first words; of the phrases of one concept at one place the longest. */
  find(sequence: readonly Word[]): readonly Occurrence[] {
    const found: Occurrence[] = [];
    for (let first = 0; first < sequence.length; first++) {
      let node: Node | undefined = this.root;
      const begin = found.length;
      for (let last = first; last < sequence.length; last++) {
        node = node.next.get(plainWord(sequence[last]!.text, this));
        if (!node) break;
        if (sequence[last]!.sentence !== sequence[first]!.sentence) break;
        if (node.concepts) for (const concept of node.concepts) replaceOrPush(found, begin, { concept, first, last });
      }
    }
    return found;
  }
}

function replaceOrPush(found: Occurrence[], begin: number, occurrence: Occurrence): void {
  for (let i = begin; i < found.length; i++) {
    if (found[i]!.concept !== occurrence.concept) continue;
    found[i] = occurrence;
    return;
  }
  found.push(occurrence);
}

const LEET: Readonly<Record<string, string>> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i', '8': 'b' };
const HAS_LEET = /[013457@$!8]/;
const HAS_LETTER = /[a-z]/;

/** A word written with digits for letters, when that gives a word that the lexicon knows; else the word itself. */
function plainWord(text: string, lexicon: Lexicon): string {
  if (text.length > 24 || !HAS_LEET.test(text) || !HAS_LETTER.test(text) || lexicon.has(text)) return text;
  let plain = '';
  for (const character of text) plain += LEET[character] ?? character;
  if (lexicon.has(plain)) return plain;
  const withL = [...text].map((character) => (character === '1' ? 'l' : (LEET[character] ?? character))).join('');
  return lexicon.has(withL) ? withL : text;
}

/** Regular forms of an English verb or noun: send, sends, sending, sended (which nobody writes). */
function inflections(phrase: string): readonly string[] {
  const stem = phrase;
  if (/[^aeiou]y$/.test(stem)) return [stem, `${stem.slice(0, -1)}ies`, `${stem.slice(0, -1)}ied`, `${stem}ing`];
  if (stem.endsWith('e')) return [stem, `${stem}s`, `${stem}d`, `${stem.slice(0, -1)}ing`];
  if (/(s|x|z|ch|sh)$/.test(stem)) return [stem, `${stem}es`, `${stem}ed`, `${stem}ing`];
  const doubled = /[^aeiou][aeiou][bdglmnprt]$/.test(stem) ? [`${stem}${stem.at(-1)}ed`, `${stem}${stem.at(-1)}ing`] : [];
  return [stem, `${stem}s`, `${stem}ed`, `${stem}ing`, ...doubled];
}
