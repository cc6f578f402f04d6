import type * as CedarWasm from '@cedar-policy/cedar-wasm/nodejs';

declare const require: (id: '@cedar-policy/cedar-wasm/nodejs') => typeof CedarWasm;

let engine: typeof CedarWasm | undefined;

/** Cedar's own engine, loaded on first use: it costs about 40 ms and 80 MB, which a synthesis without policies never pays. */
export function cedar(): typeof CedarWasm {
  engine ??= require('@cedar-policy/cedar-wasm/nodejs');
  return engine;
}
