/**
 * `node --require ./bin/start.cjs bin/app.ts`: runs TypeScript that is CommonJS, and starts sooner than with `--import tsx`, which
 * starts a thread for modules and looks for `import` and `export` in each of the thousand files of the CDK.
 */
const { _extensions, enableCompileCache } = require('node:module');
const { setFlagsFromString } = require('node:v8');

// A synthesis runs most of its code a few times only, and V8 of Node.js 20 optimizes so early that it spends a tenth of the time on that; later versions do
// not know the flag. In the WebAssembly of the CDK's validation, what hashes is worth optimizing, beside the rest on a second core: by one thread
// (`--v8-pool-size=1`), as each takes memory of its own. Later versions take 100 MB for it and optimize none.
const { v8 } = process.versions;
setFlagsFromString(v8.startsWith('11.') ? '--interrupt-budget=1000000 --wasm-tiering-budget=200000000' : '--no-wasm-tier-up --no-wasm-dynamic-tiering');
// Node.js 20 does not know this: later versions keep what they compiled until the next synthesis.
enableCompileCache?.();

const loadJavaScript = _extensions['.js'];
require('tsx/cjs');
_extensions['.js'] = loadJavaScript;
