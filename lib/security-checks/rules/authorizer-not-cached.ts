import { isMcpApi, restApiOf } from '../mcp-apis';
import { compliantIf, type SecurityRule } from '../rule';

export const authorizerNotCached: SecurityRule = {
  id: 'AuthorizerNotCached',
  controls: ['CV-1'],
  finding: 'API Gateway caches the answer of the authorizer in front of an MCP endpoint.',
  fix: 'Set AuthorizerResultTtlInSeconds to 0: a cached answer for one tool lets every other one through. Cache inside the function.',
  resourceTypes: ['AWS::ApiGateway::Authorizer'],
  property: 'Properties.AuthorizerResultTtlInSeconds',
  check({ properties, ...resource }, template) {
    const isLambda = properties.Type === 'REQUEST' || properties.Type === 'TOKEN';
    if (!isLambda || !isMcpApi(template, restApiOf({ ...resource, properties }))) return 'not-applicable';
    return compliantIf(Number(properties.AuthorizerResultTtlInSeconds) === 0);
  },
};
