import { isMcpPath } from '../mcp-apis';
import { compliantIf, type SecurityRule } from '../rule';

export const routeAuthorized: SecurityRule = {
  id: 'RouteAuthorized',
  controls: ['IAM-1', 'CV-1'],
  finding: 'A route of an HTTP API to an MCP endpoint takes requests from anyone.',
  fix: 'Give the route an authorizer. Only OPTIONS, which browsers send without a token, needs none.',
  resourceTypes: ['AWS::ApiGatewayV2::Route'],
  property: 'Properties.AuthorizationType',
  check({ properties }) {
    const [method, path] = String(properties.RouteKey).split(' ');
    if (method === 'OPTIONS' || path === undefined || !isMcpPath(path)) return 'not-applicable';
    return compliantIf((properties.AuthorizationType ?? 'NONE') !== 'NONE');
  },
};
