import * as iam from 'aws-cdk-lib/aws-iam';
import type { IToolRegistry } from './registry-base';
import { grantTableAccess, KNOWLEDGE, STEPS } from './table-access';

/** What AWS principals may do with a registry of tools. Nobody is granted to approve on their own: approvals go through the workflow. */
export class ToolRegistryGrants {
  /** Grants on a registry. */
  static fromToolRegistry(registry: IToolRegistry): ToolRegistryGrants {
    return new ToolRegistryGrants(registry);
  }

  private constructor(private readonly registry: IToolRegistry) {}

  /** Lets a principal see what is known and approved, and verify it. */
  read(grantee: iam.IGrantable): iam.Grant {
    return grantTableAccess(this.registry, grantee, { read: KNOWLEDGE }).combine(this.publicKey(grantee));
  }

  /**
   * Lets a gateway serve what is approved: it sees everything, takes note of what servers offer, and can quarantine. It cannot
   * approve: the log of approvals is neither its to write nor its to sign.
   */
  observe(grantee: iam.IGrantable): iam.Grant {
    return grantTableAccess(this.registry, grantee, { read: KNOWLEDGE, write: STEPS }).combine(this.publicKey(grantee));
  }

  /**
   * Lets a person approve, reject, quarantine and revoke, and see what they decide on. Who decides is recorded as AWS names
   * them: for people who share a role, let that role be assumed under their own names only, or two of them may be one.
   */
  review(grantee: iam.IGrantable): iam.Grant {
    const url = iam.Grant.addToPrincipal({
      grantee,
      actions: ['lambda:InvokeFunctionUrl'],
      resourceArns: [this.registry.decideFunctionArn],
      conditions: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
    });
    // Without the condition they could invoke the function with an event of their own, and be anybody.
    const throughUrl = iam.Grant.addToPrincipal({
      grantee,
      actions: ['lambda:InvokeFunction'],
      resourceArns: [this.registry.decideFunctionArn],
      conditions: { Bool: { 'lambda:InvokedViaFunctionUrl': true } },
    });
    return this.read(grantee).combine(url).combine(throughUrl);
  }

  private publicKey(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({ grantee, actions: ['kms:GetPublicKey'], resourceArns: [this.registry.signingKeyArn] });
  }
}
