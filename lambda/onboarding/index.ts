/**
 * How a definition comes into the registry where people decide by a workflow: discovered, scanned, requested, decided, signed,
 * announced. Each step is a function of what it is given; who carries it out is the deployment's matter.
 */
export * from './announce';
export * from './decide';
export * from './discover';
export * from './request-decision';
export * from './rescan';
export * from './reviews';
export * from './scan';
export * from './sign';
export * from './validate';
export * from './workflow';
