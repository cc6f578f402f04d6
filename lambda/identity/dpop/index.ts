/** Proofs of possession of the key that an access token is bound to (RFC 9449, IAM-4). */
export { DPOP_ALGORITHMS, type DpopAlgorithm } from './algorithms';
export { createDpopNonces, type DpopNonces } from './nonces';
export { createProofVerifier, type DpopOptions, type ProofVerifier } from './proof';
export * from './replay-store';
