/** Things that were met before, a bounded number of them, the first met first. */
export interface Familiar {
  readonly met: number;
  readonly things: readonly Thing[];
}

interface Thing {
  readonly name: string;
  readonly times: number;
  readonly since: number;
}

export const NOBODY: Familiar = { met: 0, things: [] };

/** What is new becomes familiar when it was met this often, over at least this time, milliseconds: one burst teaches nothing. */
const TIMES = 3;
const OVER_MS = 1_800_000;

/** `things` after meeting `name`. While less than `needed` are met, everything is learned at once. */
export function meet({ met, things }: Familiar, name: string, now: number, needed: number, most: number): Familiar {
  const index = things.findIndex((thing) => thing.name === name);
  const known = things[index];
  if (known !== undefined) {
    // Almost always: nothing changes but the count.
    if (known.times >= TIMES) return { met: met + 1, things };
    return { met: met + 1, things: things.with(index, { ...known, times: known.times + 1 }) };
  }
  const thing = met < needed ? { name, times: TIMES, since: now - OVER_MS } : { name, times: 1, since: now };
  return { met: met + 1, things: [...(things.length < most ? things : withoutOne(things)), thing] };
}

/** What is not familiar goes first: nobody can have habits forgotten by doing many new things. */
function withoutOne(things: readonly Thing[]): readonly Thing[] {
  const stranger = things.findIndex(({ times }) => times < TIMES);
  return things.toSpliced(Math.max(0, stranger), 1);
}

/** Whether `name` is new to one that has met enough to tell. */
export function isNew({ met, things }: Familiar, name: string, now: number, needed: number): boolean {
  if (met < needed) return false;
  const thing = things.find((candidate) => candidate.name === name);
  return thing === undefined || thing.times < TIMES || now - thing.since < OVER_MS;
}
