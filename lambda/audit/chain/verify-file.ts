import { closeSync, openSync, readSync, realpathSync } from 'node:fs';
import { digestOfRange } from './chained-file';
import type { ChainReport, VerifyChainOptions } from './report';
import { createChainVerifier } from './verifier';

const PIECE = 256 * 1024;

/**
 * Finds every entry of the files that was removed, changed, inserted, moved or cut off (LOG-4), a piece of a file in memory
 * at a time. A file and those that it was renamed to before go together: all entries of a writer that is remembered for one
 * of them must be in one of them.
 *
 * @throws where a file cannot be read
 */
export function verifyChainedFiles(files: readonly string[], options: VerifyChainOptions): readonly ChainReport[] {
  const reports = files.map((file) => verifyFile(file, options));
  const met = new Set(reports.flatMap(({ writers }) => writers));
  return reports.map((report) => {
    const path = realpathSync(report.file);
    const absent = (options.remembered ?? []).filter(({ file, writer }) => file === path && !met.has(writer));
    const problems = absent.map(({ writer, seq }) => ({ kind: 'removed' as const, line: 1, message: `all entries of writer ${writer} are missing from the file, at least ${seq + 1}` }));
    return { ...report, problems: [...problems, ...report.problems] };
  });
}

function verifyFile(file: string, options: VerifyChainOptions): ChainReport {
  const descriptor = openSync(file, 'r');
  try {
    const verifier = createChainVerifier(options, (range) => digestOfRange(descriptor, range));
    const piece = Buffer.allocUnsafe(PIECE);
    let rest = Buffer.alloc(0);
    for (let read = readSync(descriptor, piece, 0, PIECE, null); read > 0; read = readSync(descriptor, piece, 0, PIECE, null)) {
      let text = Buffer.concat([rest, piece.subarray(0, read)]);
      for (let end = text.indexOf(0x0a); end !== -1; end = text.indexOf(0x0a)) {
        verifier.line(text.subarray(0, end), true);
        text = text.subarray(end + 1);
      }
      rest = text;
    }
    if (rest.length > 0) verifier.line(rest, false);
    return { file, ...verifier.finish() };
  } finally {
    closeSync(descriptor);
  }
}
