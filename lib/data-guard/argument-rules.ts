import { readFileSync } from 'node:fs';

/** Rules for arguments, on top of the schemas of tools (IOV-5 to IOV-8). */
export class ArgumentRules {
  /**
   * A JSON file with what `guard.arguments` of the local configuration file holds: `schema`, `parameters`, `tools`, `freeForm`,
   * `secrets`, `instructions`.
   *
   * @param path of the file
   */
  static fromFile(path: string): ArgumentRules {
    return new ArgumentRules(JSON.parse(readFileSync(path, 'utf8')));
  }

  /**
   * The same as a value.
   *
   * @param rules an object that is JSON
   */
  static of(rules: { [key: string]: unknown }): ArgumentRules {
    return new ArgumentRules(rules);
  }

  private constructor(private readonly rules: unknown) {
    if (typeof rules !== 'object' || rules === null || Array.isArray(rules)) throw new Error('argument rules must be an object');
  }

  /**
   * The rules as the proxy reads them.
   *
   * @internal
   */
  _document(): unknown {
    return this.rules;
  }
}
