/** Just-in-time grants in AWS: table, API, approval page, workflow, events and alarms. */
export { AccessGrants, type GrantLimits } from './access-grants';
export * from './access-grants-props';
export * from './approval-grants';
export * from './block-list';
