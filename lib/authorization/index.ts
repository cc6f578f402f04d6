/** Who may do what: the policy store, its Cedar policies, and the principals that they are about. */
export * from './identity-source';
export * from './policy';
export * from './policy-store';
export * from './policy-store-base';
export * from './policy-store-grants';
export * from './policy-store-props';
export * from './policy-template';
export * from './principal';
export * from './tool-definition';
