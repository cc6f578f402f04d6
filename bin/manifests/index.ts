/** Manifests for a Kubernetes cluster from a configuration file. Read when the command runs: cdk8s is large. */
import { StartError } from '../../lambda/local';
import { renderManifests, type KubernetesObject } from '../../lib/cluster/manifests';
import { readManifestsConfig } from './config';

export { writeManifests, yamlOf } from './write';

/** @throws StartError in one sentence when the file cannot be used */
export function manifestsOf(file: string): KubernetesObject[] {
  try {
    return renderManifests(readManifestsConfig(file));
  } catch (error) {
    // What the manifests refuse is an Error and nothing more special; anything else is a mistake of ours.
    if ((error as Error).constructor === Error) throw new StartError(`${file}: ${(error as Error).message}`);
    throw error;
  }
}
