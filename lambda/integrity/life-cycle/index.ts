/** The life cycle of a definition: states, steps, who may take them. No I/O, no clock. */
export * from './life-cycle';
export * from './record';
export * from './rules';
