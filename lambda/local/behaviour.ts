import type { Writable } from 'node:stream';
import { escapeUnprintable } from '../audit/unprintable';
import type { Detection } from '../behaviour';

/** Hears of what is unusual while a gateway runs. */
export interface BehaviourWatcher {
  detected(detection: Detection): void;
}

/** Appends it to the audit file, beside the events of requests (LOG-3). */
export function writeDetection(file: Writable, { kind: signal, at, ...detection }: Detection): void {
  file.write(`${escapeUnprintable(JSON.stringify({ time: new Date(at).toISOString(), kind: 'detection', signal, ...detection }))}\n`);
}
