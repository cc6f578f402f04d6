/** Policies as functions: what Cedar's engine would answer, without the way into WebAssembly and back. */
export { compileConditions, type CompiledConditions, type Evaluation } from './compile';
export { EVALUATION_ERROR, UNDECIDED } from './values';
