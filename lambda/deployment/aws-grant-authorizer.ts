import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import type { Authenticator } from '../identity';
import { headersOf, queryOf } from './aws-api-gateway';

export interface GrantAuthorizerOptions {
  readonly publicUrl: string;
  readonly authenticator: Authenticator;
}

/**
 * Answers whether a request may reach `/grants` at all: with a token for the resource `<publicUrl>/grants`, and no other. A token
 * for a server is none for approvals (IAM-3). What its bearer may do there, the policies say.
 */
export function createGrantAuthorizer({ publicUrl, authenticator }: GrantAuthorizerOptions): (event: APIGatewayRequestAuthorizerEvent) => Promise<APIGatewayAuthorizerResult> {
  return async (event) => {
    const authentication = await authenticator.authenticate({
      headers: headersOf(event),
      method: event.httpMethod,
      url: `${publicUrl}${event.path}${queryOf(event)}`,
      resource: `${publicUrl}/grants`,
      resourceMetadataUrl: `${publicUrl}/.well-known/oauth-protected-resource/grants`,
    });
    const statement = (Effect: 'Allow' | 'Deny') => ({ Version: '2012-10-17', Statement: [{ Effect, Action: 'execute-api:Invoke', Resource: event.methodArn }] });
    if (!authentication.ok) return { principalId: 'refused', policyDocument: statement('Deny'), context: { challenge: authentication.challenge } };
    const { type, id } = authentication.principal;
    return { principalId: `${type}:${id}`, policyDocument: statement('Allow') };
  };
}
