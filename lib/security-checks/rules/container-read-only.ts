import { everyContainer } from '../containers';
import type { SecurityRule } from '../rule';

export const containerReadOnly: SecurityRule = {
  id: 'ContainerReadOnly',
  controls: ['CON-1'],
  finding: 'A container may write everywhere in its own file system, programs that it runs included.',
  fix: 'Set ReadonlyRootFilesystem, and mount a volume for each folder that it has to write to.',
  resourceTypes: ['AWS::ECS::TaskDefinition'],
  property: 'Properties.ContainerDefinitions',
  check: (resource) => everyContainer(resource, ({ ReadonlyRootFilesystem }) => ReadonlyRootFilesystem === true),
};
