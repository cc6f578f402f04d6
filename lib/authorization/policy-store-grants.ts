import * as iam from 'aws-cdk-lib/aws-iam';
import type { IPolicyStore } from './policy-store-base';

/** What AWS principals may do with a policy store. */
export class PolicyStoreGrants {
  /** Grants on a policy store. */
  static fromPolicyStore(policyStore: IPolicyStore): PolicyStoreGrants {
    return new PolicyStoreGrants(policyStore);
  }

  private constructor(private readonly policyStore: IPolicyStore) {}

  /** Lets a principal read the policies and the schema, to decide on a copy of them. */
  read(grantee: iam.IGrantable): iam.Grant {
    return this.actions(grantee, READ_ACTIONS);
  }

  /** Lets a principal ask the service for decisions. */
  authorize(grantee: iam.IGrantable): iam.Grant {
    return this.actions(grantee, AUTHORIZE_ACTIONS);
  }

  private actions(grantee: iam.IGrantable, actions: readonly string[]): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: [...actions],
      resourceArns: [this.policyStore.policyStoreArn],
    });
  }
}

/** `BatchGetPolicy` and `BatchIsAuthorized` have no actions of their own: the single ones allow them. */
const READ_ACTIONS = ['verifiedpermissions:ListPolicies', 'verifiedpermissions:GetPolicy', 'verifiedpermissions:GetPolicyTemplate'];
const AUTHORIZE_ACTIONS = ['verifiedpermissions:IsAuthorized'];
