/**
 * Who can open a connection to whom, computed from CloudFormation templates before anything is deployed (NET-1). Pure: it reads
 * templates and answers; what it cannot model it lists, and counts as open.
 */
export { computeMatrix } from './matrix';
export type { Cell, Matrix, Row, Verdict } from './matrix';
export { AssertionError, findBreaches, parseDenial } from './assertion';
export type { Denial } from './assertion';
export { compareMatrices } from './difference';
export type { Change } from './difference';
export { readNetwork } from './model';
export type { Network, Unknown } from './model';
export { loadTemplates, resolveTemplates, TemplateError } from './template';
export type { Destination, DestinationGroup } from './destination';
export { breachReport, changeReport, changesJson, jsonReport, svgReport, textReport } from './report';
export type { Breach } from './report';
