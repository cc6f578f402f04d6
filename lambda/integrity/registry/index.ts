/** Every definition that a server ever offered, what was decided on it, and by whom (SC-2, MUL-10). */
export * from './contract';
export { createToolRegistry } from './create';
