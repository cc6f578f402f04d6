import type { Vocabulary } from '../lexicon';

/**
 * The words of poisoned definitions in a language other than English: few, because such a definition gives few kinds of
 * orders. Separated by spaces; `_` stands for a space inside a phrase. Inflected languages list the forms that orders use.
 */
export interface OrderWords {
  readonly ignore: string;
  readonly previous: string;
  readonly instruction: string;
  readonly never: string;
  readonly tell: string;
  readonly user: string;
  readonly before: string;
  readonly tool: string;
  readonly anyOther: string;
  readonly read: string;
  readonly include: string;
  readonly send: string;
  readonly all: string;
  readonly conversation: string;
  readonly secret: string;
  readonly must: string;
  readonly first: string;
  readonly quiet: string;
  readonly content: string;
}

/** As concepts of that language: `germanIgnore`, `germanTell` ... */
export function orders(language: string, words: OrderWords): Vocabulary {
  return Object.fromEntries(
    Object.entries(words).map(([concept, phrases]) => [
      `${language}${concept[0]!.toUpperCase()}${concept.slice(1)}`,
      (phrases as string).split(' ').map((phrase) => phrase.replaceAll('_', ' ')),
    ]),
  );
}
