import { isMcpApi } from '../mcp-apis';
import { compliantIf, type SecurityRule } from '../rule';
import { asList, asRecord } from '../template';

export const endpointNotEdge: SecurityRule = {
  id: 'EndpointNotEdge',
  controls: ['NET-3'],
  finding: 'The API of an MCP endpoint is edge-optimized, which is also the default, and cuts streams that are silent for 30 seconds.',
  fix: 'Set EndpointConfiguration.Types to REGIONAL or PRIVATE.',
  resourceTypes: ['AWS::ApiGateway::RestApi'],
  property: 'Properties.EndpointConfiguration',
  check({ logicalId, properties }, template) {
    if (!isMcpApi(template, logicalId)) return 'not-applicable';
    const types = asList(asRecord(properties.EndpointConfiguration).Types);
    return compliantIf(types.length > 0 && !types.includes('EDGE'));
  },
};
