/** The files of the image: Node.js, the libraries that it is linked to, certificate authorities, the bundle. No shell, no package manager, nothing that can be written. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { NODE_PATH } from './dockerfile.mjs';
import { billOf } from './sbom.mjs';

const [FILE, PROGRAM, FOLDER] = [0o444, 0o555, 0o555];
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** As in distroless images. */
const USERS = 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n';
const GROUPS = 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n';

/**
 * @param {{ root: string, node: string }} options `root`: of the checkout, with `dist/container`; `node`: the program of Node.js
 * @returns {{ entries: { path: string, mode: number, content?: Buffer }[], sbom: object }}
 */
export function rootFileSystem({ root, node }) {
  const bundle = join(root, 'dist', 'container');
  const libraries = librariesOf(node);
  const files = [
    { path: NODE_PATH, mode: PROGRAM, content: readFileSync(realpathSync(node)) },
    ...libraries.map(({ path, content }) => ({ path, mode: PROGRAM, content })),
    { path: CERTIFICATES.slice(1), mode: FILE, content: readFileSync(CERTIFICATES) },
    { path: 'etc/passwd', mode: FILE, content: Buffer.from(USERS) },
    { path: 'etc/group', mode: FILE, content: Buffer.from(GROUPS) },
    { path: 'etc/nsswitch.conf', mode: FILE, content: Buffer.from('hosts: files dns\n') },
    ...readdirSync(bundle).map((name) => ({ path: `gateway/${name}`, mode: PROGRAM, content: readFileSync(join(bundle, name)) })),
  ];
  const folders = new Set(['dev', 'proc', 'tmp', ...files.flatMap(({ path }) => parentsOf(path))]);
  const entries = [...[...folders].map((path) => ({ path, mode: FOLDER })), ...files];
  return { entries, sbom: billOfImage(JSON.parse(readFileSync(join(bundle, 'sbom.cdx.json'), 'utf8')), node, libraries) };
}

/** Those that the loader of this system finds for the program, and the loader itself. */
function librariesOf(program) {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  const paths = lines.map((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1]).filter((path) => path !== undefined);
  return [...new Set(paths)].sort().map((path) => ({ path: path.slice(1), content: readFileSync(realpathSync(path)) }));
}

function parentsOf(path) {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** The bundle's bill, and what stands around the bundle. */
function billOfImage(bundle, node, libraries) {
  const versions = JSON.parse(execFileSync(node, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }));
  const runtime = { type: 'platform', 'bom-ref': `pkg:generic/node@${versions.node}`, name: 'node', version: versions.node, purl: `pkg:generic/node@${versions.node}`, hashes: [hashOf(readFileSync(realpathSync(node)))] };
  const parts = ['ares', 'brotli', 'llhttp', 'nghttp2', 'openssl', 'undici', 'uv', 'v8', 'zlib'].filter((name) => versions[name] !== undefined);
  const linked = parts.map((name) => ({ type: 'library', 'bom-ref': `node:${name}`, name, version: versions[name], description: 'linked into Node.js' }));
  const files = libraries.map(({ path, content }) => ({ type: 'file', 'bom-ref': `file:/${path}`, name: basename(path), hashes: [hashOf(content)] }));
  const subject = { type: 'container', 'bom-ref': 'image', name: `${bundle.metadata.component.name}-gateway`, version: bundle.metadata.component.version };
  return billOf(subject, [bundle.metadata.component, ...bundle.components, runtime, ...linked, ...files]);
}

function hashOf(content) {
  return { alg: 'SHA-256', content: createHash('sha256').update(content).digest('hex') };
}
