/** What binary and encoded data hold: types by their content, archives to a bounded depth. */
export { DEFAULT_ARCHIVE_LIMITS, type ArchiveLimits } from './archive';
export { contradictsType, sniffType } from './mime';
export { percentRuns } from './percent';
export { textsInside, type Inside } from './texts-inside';
