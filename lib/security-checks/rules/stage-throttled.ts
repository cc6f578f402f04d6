import { isMcpApi, restApiOf } from '../mcp-apis';
import { compliantIf, type SecurityRule } from '../rule';
import { asList, asRecord } from '../template';

export const stageThrottled: SecurityRule = {
  id: 'StageThrottled',
  controls: ['GW-3'],
  finding: 'The stage of an MCP endpoint has no throttle of its own, so it can use up the limit that all APIs of the account share.',
  fix: 'Set ThrottlingRateLimit and ThrottlingBurstLimit for all methods of the stage.',
  resourceTypes: ['AWS::ApiGateway::Stage'],
  property: 'Properties.MethodSettings',
  check(stage, template) {
    if (!isMcpApi(template, restApiOf(stage))) return 'not-applicable';
    const settings = asList(stage.properties.MethodSettings).map(asRecord);
    const all = settings.find((setting) => setting.HttpMethod === '*' && setting.ResourcePath === '/*');
    return compliantIf(all?.ThrottlingRateLimit !== undefined && all.ThrottlingBurstLimit !== undefined);
  },
};
