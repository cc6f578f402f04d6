/** An append-only file that shows what was done to it: entries chained by their digests, checkpoints signed with a key kept apart (LOG-4). */
export { openChainedFile, type ChainedFileOptions } from './chained-file';
export { createCheckpointFolder, type CheckpointMemory, type RememberedCheckpoint } from './checkpoint-memory';
export { type ChainProblem, type ChainReport, type VerifyChainOptions } from './report';
export { verifyChainedFiles } from './verify-file';
