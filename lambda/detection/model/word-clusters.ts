import { hashOf } from './features';

/** Words that mean much the same have one number. Made from a sentence encoder's own word vectors (docs/detection.md). */
export class WordClusters {
  private constructor(
    readonly levels: number,
    private readonly byWord: ReadonlyMap<string, readonly number[]>,
  ) {}

  /** @param lists of each level, from coarse to fine or the other way round: the words of each cluster, separated by spaces */
  static of(lists: readonly (readonly string[])[]): WordClusters {
    const byWord = new Map<string, number[]>();
    lists.forEach((clusters, level) =>
      clusters.forEach((words, cluster) => {
        for (const word of words.split(' ')) {
          let ids = byWord.get(word);
          if (!ids) byWord.set(word, (ids = []));
          ids[level] = cluster + 1;
        }
      }),
    );
    return new WordClusters(lists.length, byWord);
  }

  /** The number of the word's cluster; of a word without one, a number of its own. */
  idOf(word: string, level: number): number {
    return this.byWord.get(word)?.[level] ?? hashOf(word);
  }
}
