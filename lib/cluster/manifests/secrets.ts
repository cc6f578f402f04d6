import { ApiObject, type Chart } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-33';
import type { Plan, PlannedWorkload } from './plan';
import { SECRETS_FOLDER, SECRETS_VOLUME, labelsOf } from './pod';

/** Where the secret store is asked, for a workload that has secrets. Control: MUL-3. */
export function addSecretSource(chart: Chart, { props }: Plan, workload: PlannedWorkload): void {
  const { name, namespace, props: { secrets = [], podIdentity } } = workload;
  const store = props.secretStore;
  if (secrets.length === 0 || store === undefined) return;
  const metadata = { name, namespace, labels: labelsOf(workload) };
  if (store._kind === 'csi') {
    const objects = secrets.map((secret) => ({ objectName: secret.reference, objectType: 'secretsmanager', objectAlias: secret.name }));
    new ApiObject(chart, `secrets-${name}`, {
      apiVersion: 'secrets-store.csi.x-k8s.io/v1',
      kind: 'SecretProviderClass',
      metadata,
      // The provider reads a YAML document in a string, and JSON is YAML.
      spec: { provider: 'aws', parameters: { objects: JSON.stringify(objects), usePodIdentity: `${podIdentity ?? false}` } },
    });
    return;
  }
  new ApiObject(chart, `secrets-${name}`, {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata,
    spec: {
      refreshInterval: '1h',
      secretStoreRef: { kind: 'ClusterSecretStore', name: store._clusterSecretStore },
      target: { name, creationPolicy: 'Owner' },
      data: secrets.map((secret) => ({ secretKey: secret.name, remoteRef: { key: secret.reference } })),
    },
  });
}

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
