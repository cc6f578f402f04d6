import { escapeUnprintable } from '../audit/unprintable';
import type { Detection } from './signal';

/** A detection as an event of the audit trail, in one line of JSON, without a line feed (LOG-3). */
export function detectionLine({ kind: signal, at, ...detection }: Detection): string {
  return escapeUnprintable(JSON.stringify({ time: new Date(at).toISOString(), kind: 'detection', signal, ...detection }));
}
