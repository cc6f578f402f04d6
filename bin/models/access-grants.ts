import { CfnOutput } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import { AccessGrants } from '../../lib';
import type { AccessGrantsProps } from '../../lib';

export interface ApprovalSettings {
  /** The approvers sign in at `<issuer>/authorize` and `<issuer>/token`. */
  readonly issuer: string;
  /** Client id of the approval page at the issuer. */
  readonly approvalClientId: string;
}

/** Just-in-time grants, and where to subscribe the approvers. */
export function addAccessGrants(stack: Stack, { issuer, approvalClientId: clientId }: ApprovalSettings, props: Omit<AccessGrantsProps, 'signIn'> = {}): AccessGrants {
  const login = issuer.replace(/\/$/, '');
  const accessGrants = new AccessGrants(stack, 'Grants', { ...props, signIn: { authorizationEndpoint: `${login}/authorize`, tokenEndpoint: `${login}/token`, clientId } });
  new CfnOutput(stack, 'ApproversTopic', { value: accessGrants.approversTopic.topicArn });
  return accessGrants;
}
