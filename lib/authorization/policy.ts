import { Resource } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-verifiedpermissions';
import type { Construct } from 'constructs';
import { STORE_QUOTA } from '../../lambda/authorization/schema-size';
import type { IPolicyStore } from './policy-store-base';

/** Properties for a Cedar policy. */
export interface PolicyProps {
  /** The store that the policy is in. */
  readonly policyStore: IPolicyStore;

  /** Cedar text of exactly one policy. */
  readonly statement: string;

  /**
   * Where the policy comes from or what it is for; at most 150 characters.
   *
   * @default - no description
   */
  readonly description?: string;
}

/**
 * A static Cedar policy in a policy store. Written as it is: `PolicyStore.addPolicy()` is the way that checks the policy
 * against the schema.
 */
export class Policy extends Resource {
  /**
   * The id that the service gives the policy; audit events name it.
   *
   * @attribute
   */
  readonly policyId: string;

  /** The Cedar text. */
  readonly statement: string;

  constructor(scope: Construct, id: string, props: PolicyProps) {
    super(scope, id);
    const bytes = Buffer.byteLength(props.statement);
    if (bytes > STORE_QUOTA.policyBytes) {
      throw new Error(`the policy ${JSON.stringify(props.description ?? id)} has ${bytes} bytes, expected at most ${STORE_QUOTA.policyBytes}`);
    }
    this.statement = props.statement;
    const resource = new CfnPolicy(this, 'Resource', {
      policyStoreId: props.policyStore.policyStoreId,
      definition: { static: { statement: props.statement, description: props.description?.slice(0, 150) } },
    });
    this.policyId = resource.attrPolicyId;
  }
}
