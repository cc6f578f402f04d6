/** Cuts words into the pieces of a vocabulary, the longest first (WordPiece), as the encoder was trained to read them. */
export class WordPieces {
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly unknown: number;
  private readonly begin: number;
  private readonly end: number;

  /** @param vocabulary pieces in the order of their numbers; a piece that goes on with a word begins with `##` */
  constructor(vocabulary: readonly string[]) {
    this.numbers = new Map(vocabulary.map((piece, number) => [piece, number]));
    const [unknown, begin, end] = ['[UNK]', '[CLS]', '[SEP]'].map((piece) => this.numbers.get(piece));
    if (unknown === undefined || begin === undefined || end === undefined) throw new Error('The vocabulary lacks [UNK], [CLS] or [SEP].');
    this.unknown = unknown;
    this.begin = begin;
    this.end = end;
  }

  /** Numbers of the pieces of a text, with what stands for its beginning and its end; no more than `most`. */
  read(text: string, most: number): readonly number[] {
    const found = [this.begin];
    for (const [word] of text.toLowerCase().normalize('NFD').replaceAll(/\p{Mn}/gu, '').matchAll(WORD)) {
      if (found.length >= most - 1) break;
      found.push(...this.piecesOf(word));
    }
    return [...found.slice(0, most - 1), this.end];
  }

  private piecesOf(word: string): readonly number[] {
    if (word.length > LONGEST) return [this.unknown];
    const found: number[] = [];
    for (let at = 0; at < word.length; ) {
      let end = word.length;
      let number: number | undefined;
      for (; end > at; end--) {
        number = this.numbers.get((at > 0 ? '##' : '') + word.slice(at, end));
        if (number !== undefined) break;
      }
      if (number === undefined) return [this.unknown];
      found.push(number);
      at = end;
    }
    return found;
  }
}

const LONGEST = 50;

const WORD = /[\p{L}\p{N}]+|[^\p{L}\p{N}\s]/gu;
