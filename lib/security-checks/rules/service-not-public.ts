import { compliantIf, type SecurityRule } from '../rule';
import { asRecord } from '../template';

export const serviceNotPublic: SecurityRule = {
  id: 'ServiceNotPublic',
  controls: ['NET-1'],
  finding: 'The tasks of a service have public addresses.',
  fix: 'Set AssignPublicIp to DISABLED and run the tasks in subnets without a route from the internet.',
  resourceTypes: ['AWS::ECS::Service'],
  property: 'Properties.NetworkConfiguration',
  check: ({ properties }) => compliantIf(asRecord(asRecord(properties.NetworkConfiguration).AwsvpcConfiguration).AssignPublicIp !== 'ENABLED'),
};
