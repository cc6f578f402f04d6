import { compliantIf, type SecurityRule } from '../rule';

export const logGroupEncrypted: SecurityRule = {
  id: 'LogGroupEncrypted',
  controls: ['LOG-1'],
  finding: 'A log group is not encrypted with a key of the account.',
  fix: 'Set KmsKeyId.',
  resourceTypes: ['AWS::Logs::LogGroup'],
  property: 'Properties.KmsKeyId',
  check: ({ properties }) => compliantIf(properties.KmsKeyId !== undefined),
};
