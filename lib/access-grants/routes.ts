import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { acknowledge } from '../private/acknowledge';

/** Paths as AWS WAF sees them, without a stage. */
export const GRANT_ROUTES = [
  { name: 'Grants', pathPattern: '/grants(/[a-z0-9-]{1,80}(/(approve|deny|revoke))?)?', authorizedMethods: ['GET', 'POST'], openMethods: [] },
  { name: 'GrantsMetadata', pathPattern: '/\\.well-known/oauth-protected-resource/grants', authorizedMethods: [], openMethods: ['GET'] },
  { name: 'Approvals', pathPattern: '/approvals(/[a-z0-9.-]{1,80})?', authorizedMethods: [], openMethods: ['GET', 'POST'] },
] as const;

/** `/grants` behind its own authorizer; `/approvals` has sessions of its own, and a browser brings no token. */
export function addGrantRoutes(api: apigateway.IRestApi, integration: apigateway.Integration, authorizer: apigateway.IAuthorizer): void {
  const authorized = { authorizationType: apigateway.AuthorizationType.CUSTOM, authorizer };
  const open = { authorizationType: apigateway.AuthorizationType.NONE };
  const methods: apigateway.Method[] = [];
  for (const [path, names] of [['grants', ['GET', 'POST']], ['grants/{grant}', ['GET', 'POST']], ['grants/{grant}/{step}', ['POST']]] as const) {
    for (const name of names) methods.push(api.root.resourceForPath(path).addMethod(name, integration, authorized));
  }
  for (const [path, names] of [['.well-known/oauth-protected-resource/grants', ['GET']], ['approvals', ['GET']], ['approvals/{page}', ['GET', 'POST']]] as const) {
    for (const name of names) methods.push(acknowledgeOpen(api.root.resourceForPath(path).addMethod(name, integration, open)));
  }
  for (const method of methods) acknowledge(method, { 'AwsSolutions-COG4': 'access tokens of any OAuth 2.1 issuer are verified by a Lambda authorizer, or by the function where approvers sign in' });
}

function acknowledgeOpen(method: apigateway.Method): apigateway.Method {
  acknowledge(method, { 'AwsSolutions-APIG4': 'metadata is public by RFC 9728; people come to the pages with a browser, and the function shows nothing and does nothing without a session that began with an access token of the issuer' });
  return method;
}
