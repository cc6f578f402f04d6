/** What binary and encoded data hold: types by their content, archives to a bounded depth, runs of base64. */
export { DEFAULT_ARCHIVE_LIMITS, type ArchiveLimits } from './archive';
export { contradictsType, sniffType } from './mime';
export { base64Runs, type Run } from './runs';
export { textsInside, type Inside } from './texts-inside';
