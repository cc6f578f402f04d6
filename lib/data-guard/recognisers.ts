import { readFileSync } from 'node:fs';
import { recogniserEngine } from './guard-engine';

/** Recognisers of one's own, beside those of the package. */
export class Recognisers {
  /**
   * A JSON file: `{"dataClass": "custom", "recognisers": [{"id", "anchors", "pattern", ...}]}`. Synthesis fails for one that
   * cannot be used, such as a pattern that takes more than linear time.
   *
   * @param path of the file
   */
  static fromFile(path: string): Recognisers {
    const text = readFileSync(path, 'utf8');
    try {
      recogniserEngine().readRecognisers(JSON.parse(text));
    } catch (error) {
      throw new Error(`the recognisers in ${path} cannot be used: ${(error as Error).message}`, { cause: error });
    }
    return new Recognisers(text);
  }

  private constructor(private readonly text: string) {}

  /**
   * The file as the proxy reads it.
   *
   * @internal
   */
  _document(): unknown {
    return JSON.parse(this.text);
  }
}
