import { isMcpApi, restApiOf } from '../mcp-apis';
import { compliantIf, type SecurityRule } from '../rule';

export const stageTraced: SecurityRule = {
  id: 'StageTraced',
  controls: ['GW-4'],
  finding: 'Requests to an MCP endpoint are not traced.',
  fix: 'Set TracingEnabled on the stage.',
  resourceTypes: ['AWS::ApiGateway::Stage'],
  property: 'Properties.TracingEnabled',
  check(stage, template) {
    if (!isMcpApi(template, restApiOf(stage))) return 'not-applicable';
    return compliantIf(stage.properties.TracingEnabled === true);
  },
};
