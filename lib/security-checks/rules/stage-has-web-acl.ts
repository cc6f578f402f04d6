import { isMcpApi, restApiOf } from '../mcp-apis';
import { compliantIf, type SecurityRule } from '../rule';
import { refersTo } from '../template';

export const stageHasWebAcl: SecurityRule = {
  id: 'StageHasWebAcl',
  controls: ['NET-3', 'GW-3'],
  finding: 'No web ACL of AWS WAF is in front of the stage of an MCP endpoint.',
  fix: 'Associate a web ACL with the stage, McpWebAcl for one.',
  resourceTypes: ['AWS::ApiGateway::Stage'],
  property: 'Properties',
  check(stage, template) {
    if (!isMcpApi(template, restApiOf(stage))) return 'not-applicable';
    const associations = template.ofType('AWS::WAFv2::WebACLAssociation');
    return compliantIf(associations.some(({ properties }) => refersTo(properties.ResourceArn, stage.logicalId)));
  },
};
