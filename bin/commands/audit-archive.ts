import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyObject } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import { createArchiveVerifier, type ArchiveReport } from '../../lambda/audit';

/**
 * Verifies what was downloaded from where a deployment's audit events are archived: files of lines, compressed or not, in folders or not.
 *
 * @throws Error where a file cannot be read
 */
export async function verifyArchive(paths: readonly string[], keys: readonly KeyObject[]): Promise<ArchiveReport> {
  const verifier = createArchiveVerifier({ keys });
  for (const file of paths.flatMap(filesIn)) {
    let line = 0;
    for await (const text of linesOf(file)) verifier.line({ file, line: (line += 1), text });
  }
  return verifier.finish();
}

function filesIn(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).sort().flatMap((name) => filesIn(join(path, name)));
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const stored = createReadStream(file);
  const input = file.endsWith('.gz') ? stored.pipe(createGunzip()) : stored;
  stored.on('error', (error) => input.destroy(error));
  let rest = '';
  for await (const piece of input.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

const MOST_SHOWN = 50;

/** For people, with the place of each finding first. */
export function describeArchive({ entries, writers, checkpoints, repeated, problems, notes }: ArchiveReport): string {
  const shown = problems.slice(0, MOST_SHOWN).map(({ file, kind, line, message }) => `${file}:${line}: ${kind}: ${message}`);
  const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;
  return [
    ...shown,
    ...(problems.length > MOST_SHOWN ? [`and ${problems.length - MOST_SHOWN} more`] : []),
    ...notes.slice(0, MOST_SHOWN).map((note) => `note: ${note}`),
    ...(repeated > 0 ? [`note: ${counted(repeated, 'line was', 'lines were')} delivered more than once`] : []),
    `archive: ${counted(entries, 'entry', 'entries')} of ${counted(writers, 'writer', 'writers')}, ${counted(checkpoints, 'signed checkpoint', 'signed checkpoints')}, ${problems.length === 0 ? 'as they were written' : counted(problems.length, 'problem', 'problems')}`,
    '',
  ].join('\n');
}
