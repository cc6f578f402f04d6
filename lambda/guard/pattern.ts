import { RE2JS } from 're2js';

/** The price of one match: characters times instructions of the compiled pattern. */
const MAX_COST = 8_000_000;
const MAX_PATTERN_LENGTH = 2_000;

/** A check that was given up because it would take too long. */
export class TooCostly extends Error {
  constructor() {
    super('checking would take too long');
    this.name = 'TooCostly';
  }
}

/**
 * A regular expression from a tool's schema, matched in linear time whatever a server wrote into it (RE2). Look-around and
 * back-references do not exist there.
 */
export class Pattern {
  private readonly expression: RE2JS;
  private readonly size: number;

  /** @throws Error where the pattern is not one that RE2 can match, or too large */
  constructor(private readonly source: string) {
    if (source.length > MAX_PATTERN_LENGTH) throw new Error(`a pattern is longer than ${MAX_PATTERN_LENGTH} characters`);
    try {
      this.expression = RE2JS.compile(RE2JS.translateRegExp(source));
    } catch {
      throw new Error('a pattern cannot be matched in linear time (look-around, back-references) or is not valid');
    }
    this.size = this.expression.programSize();
  }

  /** @throws {@link TooCostly} */
  test(text: string): boolean {
    if (text.length * this.size > MAX_COST) throw new TooCostly();
    return this.expression.test(text);
  }

  toString(): string {
    return this.source;
  }
}
