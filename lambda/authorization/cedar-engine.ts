import { setFlagsFromString } from 'node:v8';
import type * as CedarWasm from '@cedar-policy/cedar-wasm/nodejs';

declare const require: (id: '@cedar-policy/cedar-wasm/nodejs') => typeof CedarWasm;

let engine: typeof CedarWasm | undefined;

/** Cedar's own engine, loaded on first use: it costs about 40 ms and 80 MB, which a synthesis without policies never pays. */
export function cedar(): typeof CedarWasm {
  engine ??= load();
  return engine;
}

function load(): typeof CedarWasm {
  // V8 of Node.js 20 and 22 ends the process when it deoptimises code into which it inlined a call to WebAssembly that
  // returns a reference, as the engine's calls do.
  setFlagsFromString('--no-turbo-inline-js-wasm-calls');
  return require('@cedar-policy/cedar-wasm/nodejs');
}
