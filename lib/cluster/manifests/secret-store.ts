/**
 * Where secrets come from. They are written into pods as files, never into manifests or environments.
 *
 * Control: MUL-3, ENT-4.
 */
export class SecretStore {
  /** AWS Secrets Manager through the Secrets Store CSI driver and its AWS provider. The pod's own role reads the secret; nothing of it is a Secret of Kubernetes. */
  static awsSecretsManager(): SecretStore {
    return new SecretStore('csi');
  }

  /**
   * External Secrets Operator: a store of any kind, which the operator copies into a Secret of the server's namespace.
   *
   * @param clusterSecretStore name of the ClusterSecretStore
   */
  static externalSecrets(clusterSecretStore: string): SecretStore {
    return new SecretStore('external-secrets', clusterSecretStore);
  }

  private constructor(
    /** @internal */ readonly _kind: 'csi' | 'external-secrets',
    /** @internal */ readonly _clusterSecretStore?: string,
  ) {}
}
