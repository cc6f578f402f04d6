/**
 * Whose signature images must have. Checked by sigstore's policy-controller, which has to be in the cluster.
 *
 * Control: SC-1, SC-3.
 */
export class ImageSignatures {
  /**
   * Signed with a key.
   *
   * @param publicKey PEM
   */
  static key(publicKey: string): ImageSignatures {
    if (!/^-----BEGIN PUBLIC KEY-----\n[\s\S]+\n-----END PUBLIC KEY-----\n?$/.test(publicKey)) throw new Error('the key of image signatures is not a public key, expected PEM that begins with "-----BEGIN PUBLIC KEY-----"');
    return new ImageSignatures({ key: { data: publicKey } });
  }

  /**
   * Signed with a key of AWS KMS.
   *
   * @param keyArn its ARN
   */
  static kmsKey(keyArn: string): ImageSignatures {
    return new ImageSignatures({ key: { kms: `awskms:///${keyArn}` } });
  }

  /**
   * Signed without a key, by a workload that an issuer knows, in sigstore's public log.
   *
   * @param issuer of the identity, for example 'https://token.actions.githubusercontent.com'
   * @param subject who signed, exactly
   */
  static keyless(issuer: string, subject: string): ImageSignatures {
    return new ImageSignatures({ keyless: { url: 'https://fulcio.sigstore.dev', identities: [{ issuer, subject }] }, ctlog: { url: 'https://rekor.sigstore.dev' } });
  }

  private constructor(/** @internal */ readonly _authority: { readonly [name: string]: unknown }) {}
}
