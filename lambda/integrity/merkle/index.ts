/** Merkle trees as RFC 6962 hashes them: roots, proofs of inclusion and of consistency, and their verification. */
export * from './frontier';
export * from './hash';
export * from './proof';
export * from './tree';
