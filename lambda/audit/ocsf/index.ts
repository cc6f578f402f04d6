/** Audit events in the words of the Open Cybersecurity Schema Framework 1.3, for a SIEM (LOG-2, ENT-2). */
export { toOcsf, type OcsfEvent } from './to-ocsf';
export { lakeRow, LAKE_TABLES } from './lake-row';
