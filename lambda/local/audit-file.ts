import type { Writable } from 'node:stream';
import { openAppendFile } from '../audit';
import { StartError } from './start-error';

/** The file that audit events are appended to. @throws StartError where it cannot be written */
export function openAuditFile(file: string): Writable {
  try {
    return openAppendFile(file);
  } catch (error) {
    throw new StartError(`The audit file ${file} cannot be written (${(error as NodeJS.ErrnoException).code}), expected one in a folder that exists.`);
  }
}
