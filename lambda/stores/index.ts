/** Documents with a revision: where approvals, grants and other state are kept. One implementation, DynamoDB, in AWS and locally. */
export * from './document-store';
