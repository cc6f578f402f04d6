import { compliantIf, type SecurityRule } from '../rule';

export const functionUrlAuthorized: SecurityRule = {
  id: 'FunctionUrlAuthorized',
  controls: ['IAM-1', 'NET-3'],
  finding: 'A function URL takes requests from anyone, past every gateway.',
  fix: 'Set AuthType to AWS_IAM, or remove the URL and go through the gateway.',
  resourceTypes: ['AWS::Lambda::Url'],
  property: 'Properties.AuthType',
  check: ({ properties }) => compliantIf(properties.AuthType === 'AWS_IAM'),
};
