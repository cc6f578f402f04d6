import { everyContainer } from '../containers';
import type { SecurityRule } from '../rule';
import { asList, asRecord } from '../template';

export const containerUnprivileged: SecurityRule = {
  id: 'ContainerUnprivileged',
  controls: ['CON-2', 'PUB-3'],
  finding: 'A container runs as root, is privileged, or has capabilities that it was not stripped of.',
  fix: 'Set User to a number other than 0, leave Privileged out, drop ALL capabilities, and add none.',
  resourceTypes: ['AWS::ECS::TaskDefinition'],
  property: 'Properties.ContainerDefinitions',
  check: (resource) => everyContainer(resource, ({ User, Privileged, LinuxParameters }) => {
    const { Drop, Add } = asRecord(asRecord(LinuxParameters).Capabilities);
    const user = String(User ?? 'root').split(':')[0]!;
    return Privileged !== true && !/^(?:0*|root)$/.test(user) && asList(Drop).includes('ALL') && asList(Add).length === 0;
  }),
};
