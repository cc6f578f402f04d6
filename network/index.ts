/**
 * Who can open a connection to whom, computed from CloudFormation templates (NET-1) and from manifests of Kubernetes (NET-2)
 * before anything is deployed. Pure: it reads them and answers; what it cannot model it lists, and counts as open.
 */
export { computeMatrix } from './matrix';
export type { Cell, Matrix, Row, Verdict } from './matrix';
export { AssertionError, findBreaches, parseDenial } from './assertion';
export type { Denial } from './assertion';
export { compareMatrices } from './difference';
export type { Change } from './difference';
export { readNetwork } from './model';
export type { Network, Unknown } from './model';
export { findManifests, readCluster } from './kubernetes';
export type { Manifest } from './kubernetes';
export { loadTemplates, resolveTemplates, TemplateError } from './template';
export type { Destination, DestinationGroup } from './destination';
export { breachReport, changeReport, changesJson, jsonReport, svgReport, textReport } from './report';
export type { Breach } from './report';
