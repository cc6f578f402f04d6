import { Token } from 'aws-cdk-lib';
import type { McpTokenIssuer } from '../gateway';
import type { SecurityZone } from '../zone';

/**
 * Messages of a validation: whether a gateway in a zone can fetch the keys of its issuers.
 *
 * @param remedy what to do, with the name in quotes
 */
export function issuersOutOfReach(zone: SecurityZone, tokenIssuers: readonly McpTokenIssuer[], remedy: (name: string) => string): string[] {
  return tokenIssuers.flatMap(({ issuer, jwksUri }) => {
    if (jwksUri === undefined || Token.isUnresolved(jwksUri)) return [];
    const { hostname } = new URL(jwksUri);
    if (zone.knowsName(hostname)) return [];
    return [`the gateway cannot reach ${hostname} for the keys of ${issuer}: ${remedy(JSON.stringify(hostname))}, or give the keys with jwks`];
  });
}
