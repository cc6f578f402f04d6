/** What may reach a model: pins of definitions, their life cycle, and the signed log of approvals (TD-4, SC-2, HOST-2). */
export * from './difference';
export * from './key-file-signer';
export * from './life-cycle';
export * from './log';
export * from './pin';
export * from './registry';
export * from './second-opinion';
export * from './subject';
export * from './verify';
export * from './view';
