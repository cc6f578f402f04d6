import { CHUNK, createReader, ENTRIES, CharacterKind, CHARACTER_KINDS, type Reader } from './reader';

/** Says of a character, by the kind of the one before and by the one after, whether it is one of the places. Beyond ASCII all are zero. */
export type IsPlace = (before: number, unit: number, next: number) => boolean;

/** Finds the places of a text where something may begin, by two characters and what stands before them, several times quicker than a loop over its characters. */
export class Places {
  private readonly reader: Reader;
  private readonly bytes: Buffer;

  constructor(isPlace: IsPlace) {
    this.reader = createReader(Uint8Array.from({ length: ENTRIES }, (_, entry) => Number(isPlace(entry >> 14, (entry >> 7) & 127, entry & 127))));
    this.bytes = Buffer.from(this.reader.units.buffer, this.reader.units.byteOffset, this.reader.units.byteLength);
  }

  /** Visits the places of a text by rising number. The visitor must not read another text with this. */
  visit(text: string, visitor: (at: number) => void): void {
    const { units, places, read } = this.reader;
    for (let from = 0; from < text.length; from += CHUNK) {
      const length = Math.min(CHUNK, text.length - from);
      this.bytes.write(text.slice(from, from + CHUNK + 1), 'utf16le');
      if (from + length === text.length) units[length] = 0;
      const count = read(2 * length, from === 0 ? CharacterKind.OTHER : (CHARACTER_KINDS[text.charCodeAt(from - 1)] ?? CharacterKind.OTHER) << 14);
      for (let i = 0; i < count; i++) visitor(from + places[i]! / 2);
    }
  }
}
