/**
 * Bundles what runs: the command line into dist/bin, and each deployed function into dist/lambda/<name>.
 * Takes no network and about a second. Users of the constructs never run it: the package ships dist/.
 */
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const require = createRequire(import.meta.url);
const cedarFolder = dirname(require.resolve('@cedar-policy/cedar-wasm/nodejs'));

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: false,
  legalComments: 'linked',
  logLevel: 'warning',
};

/** cedar-wasm reads its WebAssembly from the folder of the bundle. */
async function copyCedarWasm(to) {
  for (const file of await readdir(cedarFolder)) {
    if (file.endsWith('.wasm')) await cp(join(cedarFolder, file), join(to, file));
  }
}

async function buildCommandLine() {
  const outdir = join(dist, 'bin');
  await build({ ...common, entryPoints: ['bin/mcp-zero-trust.ts'], outdir, banner: { js: '#!/usr/bin/env node' } });
  await copyCedarWasm(outdir);
}

async function buildFunctions() {
  const folder = join(root, 'lambda', 'functions');
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.ts') && name !== 'index.ts')) {
    const name = file.slice(0, -'.ts'.length);
    const outdir = join(dist, 'lambda', name);
    await build({ ...common, entryPoints: [`lambda/functions/${file}`], outfile: join(outdir, 'index.js'), minify: true });
    await copyCedarWasm(outdir);
  }
}

await rm(join(dist, 'bin'), { recursive: true, force: true });
await rm(join(dist, 'lambda'), { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await Promise.all([buildCommandLine(), buildFunctions()]);
