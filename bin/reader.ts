import { ExitCode } from './exit-code';

/** What the process ends with where a pipe's reader has gone, or a terminal, which is no failure: that tells everybody so by SIGHUP. */
const CODES_OF_GONE: Readonly<Record<string, number>> = { EPIPE: ExitCode.READER_GONE, EIO: ExitCode.OK };

/**
 * Whoever reads the output may go before it ends, as `head` does. What was begun is done all the same, without a word: a command that revokes must not stop
 * halfway because nobody watches it. It does not end with 0 then, which would be a check that somebody saw pass.
 */
export function outliveReader(): void {
  process.stdout.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
    if (!(code in CODES_OF_GONE)) process.stderr.write(`The output cannot be written: ${message}\n`);
    process.once('exit', () => {
      process.exitCode ||= CODES_OF_GONE[code] ?? ExitCode.USAGE;
    });
  });
  process.stderr.on('error', () => {});
}

/** For a command that changes nothing, and may have much more to say. */
export function endWithReader(): void {
  process.stdout.once('error', () => process.exit());
}
