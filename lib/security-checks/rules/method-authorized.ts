import { mcpMethods } from '../mcp-apis';
import { compliantIf, type SecurityRule } from '../rule';

export const methodAuthorized: SecurityRule = {
  id: 'MethodAuthorized',
  controls: ['IAM-1', 'CV-1'],
  finding: 'A method of an MCP endpoint takes requests from anyone.',
  fix: 'Give the method an authorizer. Only OPTIONS, which browsers send without a token, needs none.',
  resourceTypes: ['AWS::ApiGateway::Method'],
  property: 'Properties.AuthorizationType',
  check(method, template) {
    if (method.properties.HttpMethod === 'OPTIONS' || !mcpMethods(template).includes(method)) return 'not-applicable';
    return compliantIf((method.properties.AuthorizationType ?? 'NONE') !== 'NONE');
  },
};
