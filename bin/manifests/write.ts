import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { StartError } from '../../lambda/local';
import type { KubernetesObject } from '../../lib/cluster/manifests';

const HEADER = '# Written by mcp-zero-trust manifests. Change its configuration, not this file.\n';
/** Kinds that everything else lives in or is admitted by; `kubectl apply -f` reads a folder's files in the order of their names. */
const CLUSTER_FILE = '00-cluster.yaml';

/** The objects as one stream of YAML documents. */
export function yamlOf(objects: readonly KubernetesObject[]): string {
  // The parser of Kubernetes reads YAML 1.1, where `no` and `on` are booleans.
  return objects.map((object) => `---\n${stringify(object, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })}`).join('');
}

/**
 * Writes a file for the cluster and one for each namespace. Files of an earlier time that nothing is in any more are taken away, so that
 * `kubectl apply --prune` and readers see what there is.
 *
 * @returns names of the files
 * @throws StartError when the folder holds YAML of somebody else: `kubectl apply -f` would apply it too
 */
export function writeManifests(folder: string, objects: readonly KubernetesObject[]): string[] {
  const files = new Map<string, KubernetesObject[]>();
  for (const object of objects) {
    const file = fileOf(object);
    files.set(file, [...(files.get(file) ?? []), object]);
  }
  try {
    mkdirSync(folder, { recursive: true });
    const there = readdirSync(folder).filter((name) => /\.(ya?ml|json)$/.test(name));
    const foreign = there.find((name) => !readFileSync(join(folder, name), 'utf8').startsWith(HEADER));
    if (foreign !== undefined) throw new StartError(`${join(folder, foreign)}: was not written by this command, and would be applied with what is; expected a folder of its own`);
    for (const name of there) if (!files.has(name)) rmSync(join(folder, name));
    for (const [name, content] of files) writeFileSync(join(folder, name), HEADER + yamlOf(content));
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${folder}: cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
  return [...files.keys()].sort();
}

/** What has no namespace, and the namespaces themselves, come first. */
function fileOf({ metadata: { namespace } }: KubernetesObject): string {
  return namespace === undefined ? CLUSTER_FILE : `${namespace}.yaml`;
}
