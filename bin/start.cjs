/**
 * `node --require ./bin/start.cjs bin/app.ts`: runs TypeScript that is CommonJS, and starts sooner than with `--import tsx`, which
 * starts a thread for modules and looks for `import` and `export` in each of the thousand files of the CDK.
 */
const { _extensions, enableCompileCache } = require('node:module');
const { setFlagsFromString } = require('node:v8');

// V8 of Node.js 20 optimizes code so early that a synthesis, which runs most of its code a few times only, spends a tenth of its time
// on it. Later versions do not know the flag.
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=1000000');
// Node.js 20 does not know this: later versions keep what they compiled until the next synthesis.
enableCompileCache?.();

const loadJavaScript = _extensions['.js'];
require('tsx/cjs');
_extensions['.js'] = loadJavaScript;
