/** What is done about incidents in AWS: a workflow of functions, each with the right to one kind of action. */
export * from './cluster-responder';
export * from './incident-response';
export * from './incident-response-props';
