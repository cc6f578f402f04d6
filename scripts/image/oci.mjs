/** An OCI image layout (image-spec 1.1): one layer, its configuration, and the bill of materials as an artifact that refers to the image. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const EPOCH = '1970-01-01T00:00:00Z';

/**
 * @param {{ folder: string, layer: Buffer, sbom: object, run: ReturnType<import('./dockerfile.mjs').readDockerfile>, architecture: string }} image
 * @returns {string} digest of the image's manifest
 */
export function writeOciLayout({ folder, layer, sbom, run, architecture }) {
  const blobs = join(folder, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType, content) => {
    const hex = createHash('sha256').update(content).digest('hex');
    writeFileSync(join(blobs, hex), content);
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  };
  const putJson = (mediaType, value) => put(mediaType, Buffer.from(JSON.stringify(value)));

  const layers = [put('application/vnd.oci.image.layer.v1.tar', layer)];
  const config = putJson('application/vnd.oci.image.config.v1+json', {
    created: EPOCH,
    architecture,
    os: 'linux',
    config: { User: run.user, WorkingDir: run.folder, Entrypoint: run.command.slice(0, 1), Cmd: run.command.slice(1), Env: run.environment, ExposedPorts: { [`${run.port}/tcp`]: {} }, StopSignal: run.stopSignal },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    history: [{ created: EPOCH, comment: 'assembled by scripts/rootfs.mjs' }],
  });
  const manifest = putJson(IMAGE, { schemaVersion: 2, mediaType: IMAGE, config, layers });
  const empty = putJson('application/vnd.oci.empty.v1+json', {});
  const bill = putJson('application/vnd.cyclonedx+json', sbom);
  const referrer = putJson(IMAGE, { schemaVersion: 2, mediaType: IMAGE, artifactType: bill.mediaType, config: empty, layers: [bill], subject: manifest });
  const platform = { architecture, os: 'linux' };
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [{ ...manifest, platform }, { ...referrer, artifactType: bill.mediaType }] }));
  return manifest.digest;
}
