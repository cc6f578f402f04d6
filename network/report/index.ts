/** The matrix, what breaks assertions and what changed: as text, JSON and a picture. */
export { breachReport, changeReport, textReport } from './text';
export { changesJson, jsonReport } from './json';
export { svgReport } from './svg';
export type { Breach } from './breach';
