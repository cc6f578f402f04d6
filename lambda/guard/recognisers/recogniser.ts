import type { CheckName } from './checks';

/** What kind of data a recogniser finds; actions are chosen by it. */
export type DataClass = 'secret' | 'payment' | 'identity' | 'contact' | 'health' | 'custom';

export const DATA_CLASSES: readonly DataClass[] = ['secret', 'payment', 'identity', 'contact', 'health', 'custom'];

/**
 * One kind of data and how to tell it, as a data file holds it.
 *
 * A pattern is only tried where one of the anchors stands at the beginning of a word, so that a text is read once whatever the
 * number of recognisers.
 */
export interface Recogniser {
  /** Stable, in lower case with hyphens; audit events and metrics name it. */
  readonly id: string;
  /**
   * What a match begins with, whatever its case. Or a shape: `digit` for a number, `AA9` for two capitals and a digit, `AAAAAA9`
   * for six, `9A` for a digit and a capital.
   */
  readonly anchors: readonly string[];
  /** A regular expression of the whole match. Where it has a group named `value`, that is the datum, and the rest is how it is told. */
  readonly pattern: string;
  /** @default false */
  readonly ignoreCase?: boolean;
  /** What the datum must also satisfy, such as a check digit. @default - nothing */
  readonly check?: CheckName;
  /** Bits of Shannon entropy per character that the datum must have. @default 0 */
  readonly minEntropy?: number;
  /** A regular expression for the words before it, or for the name of the member it stands in. @default - any */
  readonly context?: string;
  /** With the anchor `digit`: how many digits the number has to have, spaces and hyphens aside. @default 1 */
  readonly minDigits?: number;
  /** The anchors stand inside of a match, at most `lookBehind` characters after its beginning. @default false */
  readonly anywhere?: boolean;
  /** @default 0 */
  readonly lookBehind?: number;
}

/** A data file of recognisers. */
export interface RecogniserFile {
  readonly dataClass: DataClass;
  readonly recognisers: readonly Recogniser[];
}

/** A datum in a text. */
export interface Match {
  readonly recogniser: string;
  readonly dataClass: DataClass;
  /** Span of the datum, in UTF-16 units, end exclusive. */
  readonly start: number;
  readonly end: number;
}
