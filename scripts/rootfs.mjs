/**
 * `npm run image:rootfs [-- --out FOLDER] [-- --node PROGRAM] [-- --run]`: the image of `Dockerfile` without a container engine. Writes FOLDER/rootfs, FOLDER/oci (an
 * OCI image layout) and FOLDER/sbom.cdx.json, and prints digests: the same for the same bundle, Node.js and libraries, wherever and whenever. With
 * `--run` the image runs under bubblewrap, with the `MCP_*` and `AWS_*` variables of the caller.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readDockerfile } from './image/dockerfile.mjs';
import { writeOciLayout } from './image/oci.mjs';
import { rootFileSystem } from './image/root-file-system.mjs';
import { sandboxArguments } from './image/sandbox.mjs';
import { tarOf } from './image/tar.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, '.bench', 'image') }, node: { type: 'string', default: process.execPath }, run: { type: 'boolean', default: false } } });
const out = resolve(values.out);
const run = readDockerfile(join(root, 'Dockerfile'));
const { entries, sbom } = rootFileSystem({ root, node: values.node });

rmSync(out, { recursive: true, force: true });
const rootfs = join(out, 'rootfs');
mkdirSync(rootfs, { recursive: true });
for (const { path, mode, content } of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
  if (content === undefined) mkdirSync(join(rootfs, path), { recursive: true });
  else writeFileSync(join(rootfs, path), content, { mode });
}
for (const { path, mode } of entries) chmodSync(join(rootfs, path), mode);

const layer = tarOf(entries);
const bill = JSON.stringify(sbom, null, 2);
writeFileSync(join(out, 'sbom.cdx.json'), bill);
const image = writeOciLayout({ folder: join(out, 'oci'), layer, sbom, run, architecture: process.arch === 'x64' ? 'amd64' : process.arch });
const digest = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
console.log(`${out}\nimage       ${image}\nfile system ${digest(layer)}  ${entries.filter(({ content }) => content).length} files, ${(layer.length / 2 ** 20).toFixed(1)} MiB\nbill        ${digest(bill)}  ${sbom.components.length} components`);

if (values.run) {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(MCP|AWS)_/.test(name)));
  process.exitCode = spawnSync('bwrap', sandboxArguments({ rootfs, run, environment }), { stdio: 'inherit' }).status ?? 1;
}
