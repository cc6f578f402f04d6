import type { Duration } from 'aws-cdk-lib';
import { createRequirementCheck } from '../../lambda/identity/token-requirement';

/** What an access token must show before certain tools may be called, besides what every token must (CV-3). */
export interface McpTokenRequirement {
  /**
   * Names of tools; `*` stands for any text.
   *
   * @default - whatever is asked of the server
   */
  readonly tools?: string[];

  /**
   * Scopes that the token must have, all of them.
   *
   * @default - none
   */
  readonly scopes?: string[];

  /**
   * Ways to sign in of which one must have been used: values of `acr` (RFC 9470).
   *
   * @default - any
   */
  readonly acrValues?: string[];

  /**
   * How long ago the person may have signed in (RFC 9470).
   *
   * @default - any time
   */
  readonly maxAge?: Duration;
}

/** The requirements as the proxy reads them. @throws when one asks for nothing, or cannot be met */
export function requirementSettings(requirements: readonly McpTokenRequirement[] | undefined): object[] | undefined {
  if (requirements === undefined) return undefined;
  const settings = requirements.map(({ maxAge, ...requirement }) => ({ ...requirement, maxAgeSeconds: maxAge?.toSeconds() }));
  createRequirementCheck(settings);
  return settings;
}
