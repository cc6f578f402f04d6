/** The constructs of cdk-mcp-zero-trust, one folder a family. */
export * from './access-grants';
export * from './authorization';
export * from './cluster';
export * from './data-guard';
export * from './gateway';
export * from './observability';
export * from './patterns';
export * from './registry';
export * from './security-checks';
export * from './zone';
