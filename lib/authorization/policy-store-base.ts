import { Resource } from 'aws-cdk-lib';
import type { IResource } from 'aws-cdk-lib';
import { PolicyStoreGrants } from './policy-store-grants';

/** An Amazon Verified Permissions policy store. */
export interface IPolicyStore extends IResource {
  /**
   * The id of the policy store.
   *
   * @attribute
   */
  readonly policyStoreId: string;

  /**
   * The ARN of the policy store.
   *
   * @attribute
   */
  readonly policyStoreArn: string;

  /** What AWS principals may do with the policy store. */
  readonly grants: PolicyStoreGrants;
}

/** What a policy store of this app and an imported one have in common. */
export abstract class PolicyStoreBase extends Resource implements IPolicyStore {
  abstract readonly policyStoreId: string;
  abstract readonly policyStoreArn: string;
  readonly grants: PolicyStoreGrants = PolicyStoreGrants.fromPolicyStore(this);
}
