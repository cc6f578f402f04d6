import { appendFileSync, closeSync, openSync } from 'node:fs';
import { Writable } from 'node:stream';

/**
 * A file that lines are appended to. Each is with the operating system before `write` returns, so that an event is kept
 * when the process ends at once after its answer (LOG-1); that is also cheaper than handing every line to another thread.
 *
 * @throws when the file cannot be opened
 */
export function openAppendFile(file: string): Writable {
  const descriptor = openSync(file, 'a', 0o600);
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      try {
        appendFileSync(descriptor, line);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    destroy(error, done) {
      closeSync(descriptor);
      done(error);
    },
  });
}
