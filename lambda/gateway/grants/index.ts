/** Calls that need a just-in-time grant: found, used up, asked for, given back (JIT-1, JIT-4, JIT-5). */
export * from './blocked';
export * from './exchange';
export * from './gate';
export * from './permit';
