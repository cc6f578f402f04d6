import { compliantIf, type SecurityRule } from '../rule';

export const logGroupRetained: SecurityRule = {
  id: 'LogGroupRetained',
  controls: ['LOG-1'],
  finding: 'A log group says nothing of how long it is kept, so it is kept for ever.',
  fix: 'Set RetentionInDays.',
  resourceTypes: ['AWS::Logs::LogGroup'],
  property: 'Properties.RetentionInDays',
  check: ({ properties }) => compliantIf(properties.RetentionInDays !== undefined),
};
