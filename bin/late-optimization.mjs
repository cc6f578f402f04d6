/**
 * Loaded before the app: V8 of Node.js 20 optimizes code so early that a synthesis, which runs most of its code a few times only, spends
 * a tenth of its time on it. Later versions do not know the flag.
 */
import { setFlagsFromString } from 'node:v8';

if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=1000000');
