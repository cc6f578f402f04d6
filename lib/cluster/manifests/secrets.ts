import type { k8s } from 'cdk8s-plus-33';
import type { Plan, PlannedWorkload } from './plan';
import { SECRETS_FOLDER, SECRETS_VOLUME } from './pod';

/** The volume with a workload's secrets: of the CSI driver, or of the Secret that External Secrets keeps. */
export function secretVolumes({ props }: Plan, { name, props: { secrets = [] } }: PlannedWorkload): k8s.Volume[] {
  if (secrets.length === 0) return [];
  if (props.secretStore?._kind === 'csi') {
    return [{ name: SECRETS_VOLUME, csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true, volumeAttributes: { secretProviderClass: name } } }];
  }
  return [{ name: SECRETS_VOLUME, secret: { secretName: name, defaultMode: 0o440 } }];
}

export function secretMounts({ props: { secrets = [] } }: PlannedWorkload): k8s.VolumeMount[] {
  return secrets.length === 0 ? [] : [{ name: SECRETS_VOLUME, mountPath: SECRETS_FOLDER, readOnly: true }];
}

/** Paths of the files, for a server that is told where they are. */
export function secretEnvironment({ props: { secrets = [] } }: PlannedWorkload): k8s.EnvVar[] {
  return secrets.flatMap(({ name, pathVariable }) => (pathVariable === undefined ? [] : [{ name: pathVariable, value: `${SECRETS_FOLDER}/${name}` }]));
}
