/** What is done about incidents: playbooks as pure functions, and actions that can be done twice, interrupted, and taken back (IR-1, IR-2, SOC-3). */
export * from './action';
export * from './desk';
export * from './executor';
export * from './executors';
export * from './incident';
export * from './playbook';
export * from './read-incident';
export * from './record';
export * from './responder';
export * from './sources';
export * from './standing';
export * from './telling';
export * from './words';
export * from './workflow';
