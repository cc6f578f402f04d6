import { RemovalPolicy } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/** Properties for repositories of images. */
export interface ImageRegistryProps {
  /**
   * What names of the repositories begin with.
   *
   * @default 'mcp'
   */
  readonly namespace?: string;

  /**
   * Let this construct set the scanning of the account's whole registry in this region: Amazon Inspector scans the images of these repositories when
   * they are pushed, and again whenever it learns of a vulnerability (CON-5). There is one such setting for all repositories of the
   * account, and this replaces it: say so in one stack of an account and region only.
   *
   * @default false - the registry's setting stays; images are scanned when they are pushed
   */
  readonly enhancedScanning?: boolean;

  /**
   * Key that encrypts the images.
   *
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: kms.IKey;
}

/**
 * Repositories of images that run in pods: a tag that was pushed stays what it is, and every image is scanned.
 *
 * Control: CON-5, SC-1.
 *
 * @example
 * const images = new ImageRegistry(this, 'Images', { enhancedScanning: true });
 * const repository = images.addRepository('crm');
 */
export class ImageRegistry extends Construct {
  private readonly namespace: string;
  private readonly encryptionKey: kms.IKey;

  constructor(scope: Construct, id: string, props: ImageRegistryProps = {}) {
    super(scope, id);
    this.namespace = props.namespace ?? 'mcp';
    if (!/^[a-z0-9]+([._-][a-z0-9]+)*$/.test(this.namespace)) throw new Error(`the namespace of repositories is ${JSON.stringify(this.namespace)}, expected lower-case letters and digits, with ., _ or - between them`);
    this.encryptionKey = props.encryptionKey ?? new kms.Key(this, 'Key', { description: 'Images of MCP servers', enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
    if (props.enhancedScanning) {
      new ecr.CfnRegistryScanningConfiguration(this, 'Scanning', {
        scanType: 'ENHANCED',
        rules: [{ scanFrequency: 'CONTINUOUS_SCAN', repositoryFilters: [{ filter: `${this.namespace}/*`, filterType: 'WILDCARD' }] }],
      });
    }
  }

  /**
   * Adds a repository, `<namespace>/<name>`.
   *
   * @param name lower-case letters, digits and -
   */
  addRepository(name: string): ecr.Repository {
    return new ecr.Repository(this, name, {
      repositoryName: `${this.namespace}/${name}`,
      imageScanOnPush: true,
      imageTagMutability: ecr.TagMutability.IMMUTABLE,
      encryption: ecr.RepositoryEncryption.KMS,
      encryptionKey: this.encryptionKey,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}
