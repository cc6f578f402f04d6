import type { Writable } from 'node:stream';
import { detectionLine, type Detection } from '../behaviour';

/** Hears of what is unusual while a gateway runs. */
export interface BehaviourWatcher {
  detected(detection: Detection): void;
}

/** Appends it to the audit file, beside the events of requests (LOG-3). */
export function writeDetection(file: Writable, detection: Detection): void {
  file.write(`${detectionLine(detection)}\n`);
}
