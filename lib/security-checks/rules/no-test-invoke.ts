import { compliantIf, type SecurityRule } from '../rule';
import { literalText } from '../template';

export const noTestInvoke: SecurityRule = {
  id: 'NoTestInvoke',
  controls: ['CV-1'],
  finding: 'A function may be invoked from the test page of API Gateway, past the authorizer and the web ACL.',
  fix: 'Remove the permission for test-invoke-stage: `allowTestInvoke: false` of the integration.',
  resourceTypes: ['AWS::Lambda::Permission'],
  property: 'Properties.SourceArn',
  check({ properties }) {
    if (properties.Principal !== 'apigateway.amazonaws.com') return 'not-applicable';
    return compliantIf(!literalText(properties.SourceArn).includes('/test-invoke-stage/'));
  },
};
