import { Resource } from 'aws-cdk-lib';
import { CfnIdentitySource } from 'aws-cdk-lib/aws-verifiedpermissions';
import type { Construct } from 'constructs';
import { ENTITY_TYPE } from '../../lambda/authorization/vocabulary';
import type { IPolicyStore } from './policy-store-base';

/** Whose tokens a policy store understands. */
export interface IdentitySourceOptions {
  /** `iss` of the access tokens: an https URL with an OpenID Connect discovery document. */
  readonly issuer: string;

  /** `aud` of the access tokens, at least one: a token for somebody else says nothing here (IAM-3). */
  readonly audiences: string[];

  /**
   * What the service puts before the subject, with a `|` between them, to make the id of the Cedar entity.
   *
   * @default - the service's own choice
   */
  readonly entityIdPrefix?: string;

  /**
   * The claim that names the principal.
   *
   * @default 'sub'
   */
  readonly principalIdClaim?: string;

  /**
   * The claim with the principal's groups, which become `Mcp::Group`.
   *
   * @default - principals are in no group
   */
  readonly groupClaim?: string;
}

/** Properties for an identity source. */
export interface IdentitySourceProps extends IdentitySourceOptions {
  /** The store that is to understand the tokens. */
  readonly policyStore: IPolicyStore;
}

/**
 * An OpenID Connect issuer whose access tokens a policy store turns into `Mcp::User` entities. Made by
 * `policyStore.addIdentitySource()`.
 */
export class IdentitySource extends Resource {
  /**
   * The id that the service gives the identity source.
   *
   * @attribute
   */
  readonly identitySourceId: string;

  constructor(scope: Construct, id: string, props: IdentitySourceProps) {
    super(scope, id);
    if (props.audiences.length === 0) throw new Error('the identity source has no audiences, expected those of the tokens that are for the policy store\'s callers');
    const resource = new CfnIdentitySource(this, 'Resource', {
      policyStoreId: props.policyStore.policyStoreId,
      principalEntityType: ENTITY_TYPE.User,
      configuration: {
        openIdConnectConfiguration: {
          issuer: props.issuer,
          entityIdPrefix: props.entityIdPrefix,
          groupConfiguration: props.groupClaim === undefined ? undefined : { groupClaim: props.groupClaim, groupEntityType: ENTITY_TYPE.Group },
          tokenSelection: { accessTokenOnly: { audiences: props.audiences, principalIdClaim: props.principalIdClaim ?? 'sub' } },
        },
      },
    });
    this.identitySourceId = resource.attrIdentitySourceId;
  }
}
