import { closeSync, openSync } from 'node:fs';
import { createCheckpointFolder, openChainedFile, type ChainedFile, type CheckpointMemory } from '../audit';
import { openPrivateKeyFile } from '../integrity';
import { StartError } from './start-error';

/** Where the events of requests, and of all that people decide, are appended to. */
export interface AuditFileConfig {
  readonly file: string;
  /** The key that signs checkpoints; made where there is none. The newest checkpoints are remembered in a folder beside it. */
  readonly keyFile: string;
}

/** The file that audit events are appended to, one a `write`, chained and signed (LOG-4). @throws StartError where it cannot be written */
export function openAuditFile({ file, keyFile }: AuditFileConfig): ChainedFile {
  try {
    // Before there is a key: making one makes its folder too, which may be a misspelt one.
    closeSync(openSync(file, 'a', 0o600));
    return openChainedFile({ file, key: openPrivateKeyFile(keyFile), memory: checkpointsBeside(keyFile) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw new StartError(`The audit file ${file} cannot be signed: ${message}`);
    throw new StartError(`The audit file ${file} cannot be written (${code}), expected one in a folder that exists.`);
  }
}

/** The newest checkpoints of all that wrote with the key. */
export function checkpointsBeside(keyFile: string): CheckpointMemory {
  return createCheckpointFolder(`${keyFile}.checkpoints`);
}

/** The key of an audit file that names no other. */
export function auditKeyBeside(file: string): string {
  return `${file}.key`;
}
