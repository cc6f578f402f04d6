import { readFile } from 'node:fs/promises';

/** A text that nobody else may know, and that may change while we run. */
export interface Secret {
  /** Rejects where it cannot be read now. */
  read(): Promise<string>;
  /** Notes that its value was refused: it is read anew, because it may have been rotated. */
  expire(): void;
}

/** A secret that the configuration itself holds, usually from the environment. */
export function fixedSecret(text: string): Secret {
  return { read: () => Promise.resolve(text), expire() {} };
}

/** A secret in a file, such as a mounted one; read each time, so that a new content takes effect. */
export function fileSecret(path: string): Secret {
  return { read: async () => (await readFile(path, 'utf8')).trim(), expire() {} };
}
