import { AuthorizationType } from 'aws-cdk-lib/aws-apigateway';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { acknowledge } from '../private/acknowledge';

/** A route of the gateway: what API Gateway routes and what AWS WAF lets through are two views of this one table. */
export interface McpRoute {
  readonly name: string;
  /** Path of the resource in API Gateway. */
  readonly resourcePath: string;
  /** Path as AWS WAF sees it, without a stage. */
  readonly pathPattern: string;
  /** Methods that need the authorizer. */
  readonly authorizedMethods: readonly string[];
  /** Methods that anyone may call. */
  readonly openMethods: readonly string[];
}

/** Names of servers, in the gateway's path and in Cedar. */
export const SERVER_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const SERVER_NAME_PATTERN = '[a-z0-9][a-z0-9_-]{0,62}';

/**
 * The MCP endpoint of each server; its RFC 9728 metadata under the path-aware and the root well-known; the health check.
 * `OPTIONS` is a CORS preflight, which browsers send without a token.
 */
export const MCP_ROUTES: readonly McpRoute[] = [
  {
    name: 'McpEndpoint',
    resourcePath: 'mcp/{server}',
    pathPattern: `/mcp/${SERVER_NAME_PATTERN}`,
    authorizedMethods: ['POST', 'GET', 'DELETE'],
    openMethods: ['OPTIONS'],
  },
  {
    name: 'ServerMetadata',
    resourcePath: '.well-known/oauth-protected-resource/mcp/{server}',
    pathPattern: `/\\.well-known/oauth-protected-resource/mcp/${SERVER_NAME_PATTERN}`,
    authorizedMethods: [],
    openMethods: ['GET', 'OPTIONS'],
  },
  {
    name: 'RootMetadata',
    resourcePath: '.well-known/oauth-protected-resource',
    pathPattern: '/\\.well-known/oauth-protected-resource',
    authorizedMethods: [],
    openMethods: ['GET', 'OPTIONS'],
  },
  { name: 'Health', resourcePath: 'healthz', pathPattern: '/healthz', authorizedMethods: [], openMethods: ['GET'] },
];

/** What the routes lead to. */
export interface RouteTargets {
  readonly integration: apigateway.Integration;
  readonly authorizer: apigateway.IAuthorizer;
}

/** Adds the routes to an API; the gateway's own, or one that is there already. */
export function addRoutes(api: apigateway.IRestApi, targets: RouteTargets): apigateway.Method[] {
  return MCP_ROUTES.flatMap((route) => {
    const resource = api.root.resourceForPath(route.resourcePath);
    const authorized = { authorizationType: AuthorizationType.CUSTOM, authorizer: targets.authorizer };
    const open = { authorizationType: AuthorizationType.NONE };
    const methods = [
      ...route.authorizedMethods.map((method) => resource.addMethod(method, targets.integration, authorized)),
      ...route.openMethods.map((method) => acknowledgeOpen(resource.addMethod(method, targets.integration, open))),
    ];
    methods.forEach(acknowledgeIssuers);
    return methods;
  });
}

function acknowledgeOpen(method: apigateway.Method): apigateway.Method {
  acknowledge(method, {
    'AwsSolutions-APIG4': 'public by specification: RFC 9728 metadata, CORS preflights and the health check carry no token and reveal nothing of a principal',
  });
  return method;
}

function acknowledgeIssuers(method: apigateway.Method): void {
  acknowledge(method, {
    'AwsSolutions-COG4': 'access tokens of any OAuth 2.1 issuer are verified by the Lambda authorizer, Amazon Cognito among them',
  });
}
