/** The constructs of cdk-mcp-zero-trust, one folder a family. */
export * from './authorization';
export * from './gateway';
export * from './patterns';
export * from './registry';
export * from './security-checks';
export * from './zone';
