/** The log of approvals: statements as leaves of a Merkle tree whose head is signed, and what is refused of it. */
export * from './approval-log';
export * from './head-memory';
export * from './statement';
export * from './tree-head';
