import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A writer's newest checkpoint: its entry and the digest of its line. */
export interface RememberedCheckpoint {
  /** The audit file, absolute. */
  readonly file: string;
  readonly writer: string;
  readonly seq: number;
  readonly digest: string;
}

/** Remembers the newest checkpoint of each writer apart from the file: where the end of a file is missing, nothing in it says so. */
export interface CheckpointMemory {
  load(): readonly RememberedCheckpoint[];
  save(checkpoint: RememberedCheckpoint): void;
}

/**
 * Remembers them in `folder`, a file for each writer, so that no writer waits for another. Keep it where the key is.
 * @throws Error from `load` where a file of the folder is something else
 */
export function createCheckpointFolder(folder: string): CheckpointMemory {
  return {
    load() {
      let names: string[];
      try {
        names = readdirSync(folder);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw new Error(`${folder}: the newest checkpoints cannot be read (${(error as NodeJS.ErrnoException).code})`);
      }
      return names.filter((name) => name.endsWith('.json')).map((name) => readCheckpoint(join(folder, name)));
    },
    save(checkpoint) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `${checkpoint.writer}.json`);
      writeFileSync(`${file}.draft`, JSON.stringify(checkpoint), { mode: 0o600 });
      renameSync(`${file}.draft`, file);
    },
  };
}

function readCheckpoint(path: string): RememberedCheckpoint {
  try {
    const { file, writer, seq, digest } = JSON.parse(readFileSync(path, 'utf8')) as RememberedCheckpoint;
    if ([file, writer, digest].every((text) => typeof text === 'string') && Number.isSafeInteger(seq)) return { file, writer, seq, digest };
  } catch {
    // Said below, with what was expected.
  }
  throw new Error(`${path}: expected the newest checkpoint of a writer`);
}
