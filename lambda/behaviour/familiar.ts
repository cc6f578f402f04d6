interface Thing {
  times: number;
  readonly since: number;
}

/** What is new becomes familiar when it was met this often, over at least this time, milliseconds: one burst teaches nothing. */
const TIMES = 3;
const OVER_MS = 1_800_000;

/** Things that were met before, a bounded number of them, the first met first. Changed in place. */
export class Familiar<Name> {
  met = 0;
  private readonly things = new Map<Name, Thing>();

  /**
   * Takes note of `name`, and answers whether it was new. While less than `needed` are met, nothing is new and everything is
   * learned at once.
   */
  meet(name: Name, now: number, needed: number, most: number): boolean {
    const thing = this.things.get(name);
    const isLearning = this.met < needed;
    this.met += 1;
    if (thing === undefined) {
      if (this.things.size >= most) this.forgetOne();
      this.things.set(name, isLearning ? { times: TIMES, since: now - OVER_MS } : { times: 1, since: now });
      return !isLearning;
    }
    const isNew = !isLearning && (thing.times < TIMES || now - thing.since < OVER_MS);
    if (thing.times < TIMES) thing.times += 1;
    return isNew;
  }

  /** What is not familiar goes first: nobody can have habits forgotten by doing many new things. */
  private forgetOne(): void {
    let first: Name | undefined;
    for (const [name, { times }] of this.things) {
      first ??= name;
      if (times >= TIMES) continue;
      first = name;
      break;
    }
    if (first !== undefined) this.things.delete(first);
  }
}
