/** Every definition that a server ever offered, what was decided on it, and by whom. */
export * from './contract';
export { createToolRegistry } from './create';
