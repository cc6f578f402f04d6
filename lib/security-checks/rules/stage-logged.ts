import { isMcpApi, restApiOf } from '../mcp-apis';
import { compliantIf, type SecurityRule } from '../rule';
import { asRecord } from '../template';

export const stageLogged: SecurityRule = {
  id: 'StageLogged',
  controls: ['LOG-1'],
  finding: 'The stage of an MCP endpoint writes no access log.',
  fix: 'Set AccessLogSetting with a destination and a format.',
  resourceTypes: ['AWS::ApiGateway::Stage'],
  property: 'Properties.AccessLogSetting',
  check(stage, template) {
    if (!isMcpApi(template, restApiOf(stage))) return 'not-applicable';
    return compliantIf(asRecord(stage.properties.AccessLogSetting).DestinationArn !== undefined);
  },
};
