import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JsonObject } from '../../protocol';
import { asSignedTreeHead, type SignedTreeHead } from './tree-head';

/** Remembers the newest head that was seen, longer than a process lives: an older one is refused (SC-2). */
export interface HeadMemory {
  load(): SignedTreeHead | undefined;
  save(head: SignedTreeHead): void;
}

/**
 * Remembers it in `file`. Keep it apart from the documents: who restores an old copy of those must not restore this too.
 * @throws Error from `load` where the file is there and cannot be read as a head
 */
export function createHeadFile(file: string): HeadMemory {
  return {
    load() {
      let text: string;
      try {
        text = readFileSync(file, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw new Error(`${file}: the newest head of the approval log cannot be read (${(error as NodeJS.ErrnoException).code})`);
      }
      try {
        return asSignedTreeHead(JSON.parse(text) as JsonObject);
      } catch {
        throw new Error(`${file}: expected the newest signed head of the approval log`);
      }
    },
    save(head) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const draft = `${file}.${process.pid}`;
      writeFileSync(draft, JSON.stringify(head), { mode: 0o600 });
      renameSync(draft, file);
    },
  };
}
