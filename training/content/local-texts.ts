import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { partOf } from '../folds';

/** Files that tools read all day: documents, data and code of the packages of this project. Honest, and full of links, markup and commands. */
const READ = /(?:readme[^/]*\.md|changelog\.md|package\.json|\.html|\.ya?ml|license|\.mjs|\.cjs|\.js|\.ts|\.json)$/i;
const LENGTH = 6_000;
const MOST = 2_500;

/** The beginnings of some of these files, in a fixed order. The versions are those of the lock file. */
export function localTexts(modules = join(__dirname, '..', '..', 'node_modules')): readonly string[] {
  if (!existsSync(modules)) return [];
  const found: string[] = [];
  for (const file of files(modules, 0)) {
    if (!isTaken(file.slice(modules.length))) continue;
    const text = readFileSync(file, 'utf8').slice(0, LENGTH);
    if (text.length > 100 && !/^.{2000}/.test(text)) found.push(text);
    if (found.length === MOST) break;
  }
  return found;
}

/** All documents, one in many of the rest. */
function isTaken(path: string): boolean {
  return partOf(path, /readme[^/]*\.md$/i.test(path) ? 2 : /changelog\.md$/i.test(path) ? 4 : 200) === 0;
}

function* files(folder: string, depth: number): Iterable<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth < 6 && entry.name !== '.cache') yield* files(path, depth + 1);
    else if (entry.isFile() && READ.test(entry.name) && statSync(path).size < 500_000) yield path;
  }
}
