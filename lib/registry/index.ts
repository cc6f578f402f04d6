/** Which tool definitions may reach a model: the registry with its onboarding, and the validator on its own. */
export * from './registry';
export * from './registry-base';
export * from './registry-grants';
export * from './registry-props';
export * from './second-opinion';
export * from './validator';
