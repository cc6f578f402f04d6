/** What shows what was done to it: entries chained by their digests, checkpoints signed with a key kept apart, in a file or in what a log was delivered in (LOG-4). */
export { openChainedFile, type ChainedFile, type ChainedFileOptions, type ChainHead } from './chained-file';
export { openChainedLog, type ChainedLog, type ChainedLogOptions, type WriterAuthority } from './chained-log';
export { createCheckpointFolder, type CheckpointMemory, type RememberedCheckpoint } from './checkpoint-memory';
export { type ChainProblem, type ChainReport, type VerifyChainOptions } from './report';
export { createArchiveVerifier, type ArchivedLine, type ArchiveProblem, type ArchiveReport, type ArchiveVerifier } from './verify-archive';
export { verifyChainedFiles } from './verify-file';
