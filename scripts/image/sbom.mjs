/** What a bundle is made of, as a CycloneDX 1.6 bill of materials: the packages whose code is in it, by esbuild's metafile and the lock file. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The same for the same bundle: without a time, and with a serial number that is a digest.
 *
 * @param {import('esbuild').Metafile} metafile
 * @param {string} root folder of package.json, package-lock.json and node_modules
 */
export function sbomOfBundle(metafile, root) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const folders = new Set(Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => packageFolder(path))));
  folders.delete(undefined);
  const lock = existsSync(join(root, 'package-lock.json')) ? JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages : {};
  const components = [...folders].sort().map((folder) => componentOf(JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')), lock[folder]?.integrity));
  return billOf({ type: 'application', 'bom-ref': `pkg:npm/${name}@${version}`, name, version, purl: `pkg:npm/${name}@${version}`, licenses: [{ expression: license }] }, components);
}

/**
 * @param {object} subject what the bill is of
 * @param {readonly { 'bom-ref': string }[]} components
 */
export function billOf(subject, components) {
  const unique = [...new Map(components.map((component) => [component['bom-ref'], component])).values()].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  const body = {
    version: 1,
    metadata: { component: subject },
    components: unique,
    dependencies: [{ ref: subject['bom-ref'], dependsOn: unique.map((component) => component['bom-ref']) }, ...unique.map((component) => ({ ref: component['bom-ref'] }))],
  };
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const serial = [digest.slice(0, 8), digest.slice(8, 12), `5${digest.slice(13, 16)}`, `8${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-');
  return { $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json', bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: `urn:uuid:${serial}`, ...body };
}

/** `node_modules/a/node_modules/@b/c/lib/x.js` is of `node_modules/a/node_modules/@b/c`. */
function packageFolder(path) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

function componentOf({ name, version, license }, integrity) {
  const [group, own] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const purl = `pkg:npm/${group === undefined ? '' : `${encodeURIComponent(group)}/`}${own}@${version}`;
  return {
    type: 'library',
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name: own,
    version,
    purl,
    ...(typeof license === 'string' ? { licenses: [{ expression: license }] } : {}),
    ...(integrity?.startsWith('sha512-') ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') }] } : {}),
  };
}
