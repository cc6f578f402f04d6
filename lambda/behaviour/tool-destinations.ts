import { countCallers, SEVERAL } from './callers';

interface Met {
  /** One bit for each principal that named it, since then. */
  callers: number;
  since: number;
  isKnown: boolean;
}

/** A tool that went to more than this by then goes anywhere: nothing new about it is unusual. */
const MOST_USUAL = 16;
const MOST = 64;
const WITHIN_MS = 86_400_000;

/** Where the calls of one tool go, for everybody. Bounded. Changed in place. */
export class ToolDestinations {
  private isLearning = true;
  private goesAnywhere = false;
  private readonly destinations = new Map<string, Met>();

  /**
   * Whether several principals named it within a day, while nobody did before. However often one principal names it, it does not become
   * known by that.
   *
   * @param caller The bit of the principal. @param isNewTool Whether too few calls were seen to know where the tool goes, if anywhere.
   */
  meet(name: string, caller: number, now: number, isNewTool: boolean): boolean {
    if (isNewTool) {
      if (this.destinations.size < MOST && !this.destinations.has(name)) this.destinations.set(name, { callers: 0, since: now, isKnown: true });
      return false;
    }
    if (this.isLearning) this.endLearning();
    if (this.goesAnywhere) return false;
    const known = this.destinations.get(name);
    if (known === undefined) {
      if (this.destinations.size >= MOST) this.forgetOne();
      this.destinations.set(name, { callers: caller, since: now, isKnown: false });
      return false;
    }
    if (known.isKnown) return false;
    if (now - known.since > WITHIN_MS) {
      known.callers = 0;
      known.since = now;
    }
    known.callers |= caller;
    return (known.isKnown = countCallers(known.callers) >= SEVERAL);
  }

  private endLearning(): void {
    this.isLearning = false;
    this.goesAnywhere = this.destinations.size > MOST_USUAL;
    if (this.goesAnywhere) this.destinations.clear();
  }

  /** What the fewest principals named goes first, and what is known last: one principal cannot have forgotten what others named. */
  private forgetOne(): void {
    let least: string | undefined;
    let fewest = Infinity;
    for (const [name, { callers, isKnown }] of this.destinations) {
      const by = isKnown ? MOST : countCallers(callers);
      if (by >= fewest) continue;
      least = name;
      fewest = by;
    }
    if (least !== undefined) this.destinations.delete(least);
  }
}
