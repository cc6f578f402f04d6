import { CHARACTER_KINDS, CharacterKind } from './reader';
import { Places } from './places';

interface Anchor {
  readonly text: string;
  readonly startsWord: boolean;
  readonly number: number;
  /** Its third character; NaN where it has none. */
  readonly third: number;
}

const KINDS = CHARACTER_KINDS;

/** Finds which of many short texts stand in a text, whatever their case, in one pass. */
export class Anchors {
  private readonly places: Places;
  /** By the first two characters, small. */
  private readonly groups: (readonly Anchor[] | undefined)[] = Array.from({ length: 2 ** 14 }, () => undefined);
  private readonly count: number;

  /** @param anchors of at least two characters, all of ASCII, in small letters; after a space what follows has to begin a word */
  constructor(anchors: readonly string[]) {
    this.count = anchors.length;
    anchors.forEach((anchor, number) => {
      const startsWord = anchor.startsWith(' ');
      const text = startsWord ? anchor.slice(1) : anchor;
      const key = keyOf(text.charCodeAt(0), text.charCodeAt(1));
      this.groups[key] = [...(this.groups[key] ?? []), { text, startsWord, number, third: text.charCodeAt(2) }];
    });
    this.places = new Places((before, unit, next) => this.groups[keyOf(unit, next)]?.some(({ startsWord }) => !startsWord || before === CharacterKind.OTHER) === true);
  }

  /** Of each anchor, 1 where the text has it. */
  foundIn(text: string): Uint8Array {
    const { groups } = this;
    const found = new Uint8Array(this.count);
    this.places.visit(text, (at) => {
      const group = groups[keyOf(text.charCodeAt(at), text.charCodeAt(at + 1))]!;
      const third = small(text.charCodeAt(at + 2));
      for (let i = 0; i < group.length; i++) {
        const anchor = group[i]!;
        if ((anchor.third === third || anchor.text.length === 2) && found[anchor.number] === 0 && standsAt(anchor, text, at)) found[anchor.number] = 1;
      }
    });
    return found;
  }
}

function keyOf(first: number, second: number): number {
  return (small(first) << 7) | small(second);
}

function small(unit: number): number {
  return unit >= 0x41 && unit <= 0x5a ? unit + 32 : unit;
}

function standsAt({ text: anchor, startsWord }: Anchor, text: string, at: number): boolean {
  for (let i = 3; i < anchor.length; i++) if (small(text.charCodeAt(at + i)) !== anchor.charCodeAt(i)) return false;
  return !startsWord || at === 0 || (KINDS[text.charCodeAt(at - 1)] ?? 0) === 0;
}
