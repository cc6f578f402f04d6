import { compliantIf, type SecurityRule } from '../rule';

export const serviceWithoutShell: SecurityRule = {
  id: 'ServiceWithoutShell',
  controls: ['PUB-4', 'PUB-5'],
  finding: 'Whoever may call ECS Exec can open a shell in the tasks of a service.',
  fix: 'Leave EnableExecuteCommand out, or set it to false.',
  resourceTypes: ['AWS::ECS::Service'],
  property: 'Properties.EnableExecuteCommand',
  check: ({ properties }) => compliantIf(properties.EnableExecuteCommand !== true),
};
