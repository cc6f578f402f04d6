/**
 * Bundles what runs: the command line into dist/bin, each deployed function into dist/lambda/<name>, and the gateway of a zone into dist/container.
 * Takes no network and about a second. Users of the constructs never run it: the package ships dist/.
 */
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { sbomOfBundle } from './image/sbom.mjs';

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

/** Stays outside of the bundle: it has native parts, and only a registry on this machine needs it. */
const LOCAL_DATABASE = ['dynalite', 'level'];

/** Stays outside of the bundle: megabytes of Kubernetes' types, which one command reads. */
const KUBERNETES = ['cdk8s', 'cdk8s-plus-33', 'constructs'];

/** cedar-wasm reads its WebAssembly from the folder of the bundle. */
async function copyCedarWasm(to) {
  for (const file of await readdir(cedarFolder)) {
    if (file.endsWith('.wasm')) await cp(join(cedarFolder, file), join(to, file));
  }
}

/** Whether a bundle has code of a file; what was imported and then left out as unused does not count. */
function has(metafile, path) {
  return Object.values(metafile.outputs).some(({ inputs }) => Object.entries(inputs).some(([file, { bytesInOutput }]) => bytesInOutput > 0 && file.includes(path)));
}

/** The encoder's weights lie beside the bundle of whoever reads them. */
async function copyEncoder(metafile, to) {
  if (has(metafile, 'lambda/detection/meaning/artifact.ts')) await cp(join(root, 'lambda', 'detection', 'meaning', 'encoder.json'), join(to, 'encoder.json'));
}

async function buildCommandLine(outdir) {
  const { metafile } = await build({ ...common, external: [...LOCAL_DATABASE, ...KUBERNETES], entryPoints: ['bin/mcp-zero-trust.ts'], outdir, metafile: true, banner: { js: '#!/usr/bin/env node' } });
  await copyEncoder(metafile, outdir);
  await chmod(join(outdir, 'mcp-zero-trust.js'), 0o755);
  await copyCedarWasm(outdir);
  await cp(join(root, 'lambda', 'live', 'page'), join(outdir, 'page'), { recursive: true });
}

/** Of the names and contents of the files in a folder: what the CDK would read all of them for, on each machine that synthesizes. */
async function hashOf(folder) {
  const hash = createHash('sha256');
  for (const file of (await readdir(folder)).sort()) {
    const content = await readFile(join(folder, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function buildFunctions(to) {
  const folder = join(root, 'lambda', 'functions');
  const hashes = {};
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.ts') && name !== 'index.ts')) {
    const name = file.slice(0, -'.ts'.length);
    const outdir = join(to, name);
    const { metafile } = await build({ ...common, entryPoints: [`lambda/functions/${file}`], outfile: join(outdir, 'index.js'), minify: true, metafile: true });
    // Every asset is read and copied when a user synthesizes, and most functions decide nothing.
    if (has(metafile, '@cedar-policy/cedar-wasm')) await copyCedarWasm(outdir);
    await copyEncoder(metafile, outdir);
    hashes[name] = await hashOf(outdir);
  }
  await writeFile(join(to, 'hashes.json'), JSON.stringify(hashes, null, 2));
}

/** The gateway of a zone, and the probe that stands beside MCP servers, for the image of `Dockerfile`, with its bill of materials. */
async function buildContainer(outdir) {
  const { metafile } = await build({ ...common, entryPoints: { index: 'lambda/container/index.ts', probe: 'lambda/probe/index.ts' }, outdir, minify: true, metafile: true });
  await copyCedarWasm(outdir);
  await copyEncoder(metafile, outdir);
  await writeFile(join(outdir, 'sbom.cdx.json'), JSON.stringify(sbomOfBundle(metafile, root), null, 2));
}

/** Built aside and then put in place: what runs from dist/ meanwhile never meets half a build. */
const staging = join(dist, `.building-${process.pid}`);
await mkdir(staging, { recursive: true });
try {
  await Promise.all([buildCommandLine(join(staging, 'bin')), buildFunctions(join(staging, 'lambda')), buildContainer(join(staging, 'container'))]);
  for (const part of ['bin', 'lambda', 'container']) {
    await rename(join(dist, part), join(staging, `old-${part}`)).catch(() => {});
    await rename(join(staging, part), join(dist, part));
  }
} finally {
  await rm(staging, { recursive: true, force: true });
}
