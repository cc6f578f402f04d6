/** Who carries out what, as far as it needs no AWS. */
export * from './access';
export * from './evidence';
export * from './in-turn';
export * from './kubernetes';
export * from './notice';
export * from './quarantine';
export * from './remote-kubernetes';
export * from './restricted-kubernetes';
