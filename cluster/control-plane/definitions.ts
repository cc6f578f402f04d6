import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifestText } from '../../network/kubernetes';
import type { Manifest } from '../../network';

/** Kinds besides those of Kubernetes itself that manifests use, and where their definitions are from. */
export interface Definitions {
  readonly definitions: readonly Manifest[];
  /** What could not be had, one sentence each. */
  readonly missing: readonly string[];
}

/** Definitions of Istio, from the Go module that publishes its API, and of the Secrets Store CSI driver, from its documentation. */
export function readDefinitions(): Definitions {
  const csi = definitionsIn(join(__dirname, 'secret-provider-class.yaml'));
  try {
    const { Dir } = JSON.parse(execFileSync('go', ['mod', 'download', '-json', 'istio.io/api'], { cwd: join(__dirname, '..', 'mesh-schemas'), encoding: 'utf8', env: { ...process.env, GOFLAGS: '-mod=readonly' }, stdio: ['ignore', 'pipe', 'ignore'] })) as { readonly Dir: string };
    return { definitions: [...csi, ...definitionsIn(join(Dir, 'kubernetes', 'customresourcedefinitions.gen.yaml'))], missing: [] };
  } catch {
    return { definitions: csi, missing: ['the definitions of Istio, which the Go module istio.io/api publishes, cannot be had here'] };
  }
}

function definitionsIn(file: string): readonly Manifest[] {
  return readManifestText(readFileSync(file, 'utf8'), file).filter(({ kind }) => kind === 'CustomResourceDefinition');
}
