/** What AWS knows of an incident: audit events, lines of containers, what was done with the account, the network around a workload, copies of disks. */
export { accountEvents } from './account-events';
export type { AskAws } from './ask';
export { auditEvents, containerLines, type LinesOfWorkload } from './log-lines';
export { nodeDisks } from './node-disks';
export { networkAround } from './network';
export { createPlaces } from './places';
