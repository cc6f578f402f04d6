import { ApiObject, type Chart } from 'cdk8s';
import type { Plan } from './plan';

/** What sigstore's policy-controller checks before a pod of one of these images starts. Control: SC-1. */
export function addImageSignatures(chart: Chart, { props, prefix, gateway, servers }: Plan): void {
  if (props.imageSignatures === undefined) return;
  const repositories = [...new Set([gateway, ...servers].map((workload) => workload.props.image.replace(/@.*$/, '')))];
  new ApiObject(chart, 'image-signatures', {
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: `${prefix}images` },
    spec: { mode: 'enforce', images: repositories.map((repository) => ({ glob: `${repository}@*` })), authorities: [{ name: 'authority', ...props.imageSignatures._authority }] },
  });
}
