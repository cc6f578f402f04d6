import { Stack } from 'aws-cdk-lib';
import * as eks from 'aws-cdk-lib/aws-eks';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { RespondingInCluster } from './incident-response-props';

/** Who the response is in a cluster. */
const GROUP = 'mcp-zero-trust:responders';

/** Lets a role be one of the responders of a cluster, which can do there what `responderRoles` say and nothing else. */
export function addAccessEntry(scope: Construct, { cluster }: RespondingInCluster, role: IRole): void {
  new eks.CfnAccessEntry(scope, 'AccessEntry', { clusterName: cluster.clusterName, principalArn: role.roleArn, kubernetesGroups: [GROUP], type: 'STANDARD' });
}

/** Where the API of a cluster is, for the environment of a function. */
export function endpointOf(scope: Construct, { cluster }: RespondingInCluster): string {
  return Stack.of(scope).toJsonString({ [cluster.clusterName]: { endpoint: cluster.clusterEndpoint, certificateAuthority: cluster.clusterCertificateAuthorityData } });
}

/** Rights of the response in some namespaces: to see what runs, to change what may reach it, to scale it. */
export function responderRoles(namespaces: readonly string[]): Record<string, unknown>[] {
  return namespaces.flatMap((namespace) => {
    const metadata = { name: 'mcp-incident-response', namespace };
    return [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata,
        rules: [
          { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
          { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['get', 'patch'] },
          { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
          { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['get', 'list', 'create', 'patch', 'delete'] },
        ],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'mcp-incident-response' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: GROUP }],
      },
    ];
  });
}
