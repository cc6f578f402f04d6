import * as apigateway from 'aws-cdk-lib/aws-apigateway';

/**
 * How API Gateway answers for the gateway.
 *
 * A challenge has to come from here: API Gateway renames the `WWW-Authenticate` of a proxy integration to
 * `x-amzn-Remapped-WWW-Authenticate`. An authorizer has two ways to refuse, and only one of them, the deny policy, can carry
 * values into the answer. An MCP client that has no token, or a bad one, needs a value: the metadata of the very server it asked
 * for (RFC 9728). So a deny answers 401 with the challenge that the authorizer made, and the error `Unauthorized`, which carries
 * nothing, answers 403 with a challenge that names the scopes (RFC 6750).
 */
export function addGatewayResponses(api: apigateway.RestApi, scopes: readonly string[], allowedOrigins: readonly string[]): void {
  const cors: Record<string, string> = allowedOrigins.length === 0 ? {} : {
    'Access-Control-Allow-Origin': 'context.authorizer.allowOrigin',
    'Access-Control-Expose-Headers': "'WWW-Authenticate'",
  };
  answer(api, 'Unauthenticated', apigateway.ResponseType.ACCESS_DENIED, 401, 'unauthorized', {
    'WWW-Authenticate': 'context.authorizer.challenge',
    ...cors,
  });
  answer(api, 'Forbidden', apigateway.ResponseType.UNAUTHORIZED, 403, 'insufficient_scope', {
    'WWW-Authenticate': `'${insufficientScope(scopes)}'`,
  });
  answer(api, 'AuthorizerFailed', apigateway.ResponseType.AUTHORIZER_FAILURE, 503, 'temporarily_unavailable', RETRY);
  answer(api, 'AuthorizerBroken', apigateway.ResponseType.AUTHORIZER_CONFIGURATION_ERROR, 503, 'temporarily_unavailable', RETRY);
  answer(api, 'Throttled', apigateway.ResponseType.THROTTLED, 429, 'slow_down', RETRY);
  answer(api, 'NoSuchRoute', apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN, 404, 'not_found');
}

const RETRY = { 'Retry-After': "'1'" };

function insufficientScope(scopes: readonly string[]): string {
  const scope = scopes.length === 0 ? '' : `, scope="${scopes.join(' ')}"`;
  return `Bearer error="insufficient_scope"${scope}`;
}

function answer(
  api: apigateway.RestApi,
  id: string,
  type: apigateway.ResponseType,
  status: number,
  error: string,
  responseHeaders: Record<string, string> = {},
): void {
  api.addGatewayResponse(id, {
    type,
    statusCode: `${status}`,
    responseHeaders,
    templates: { 'application/json': `{"error":"${error}","requestId":"$context.requestId"}` },
  });
}
