import { everyContainer } from '../containers';
import type { SecurityRule } from '../rule';
import { asRecord, literalText } from '../template';

export const imageByDigest: SecurityRule = {
  id: 'ImageByDigest',
  controls: ['SC-1', 'SC-3'],
  finding: 'An image is named by a tag, which can be moved to another image after it was reviewed.',
  fix: 'Name the image by its digest: repository@sha256:...',
  resourceTypes: ['AWS::ECS::TaskDefinition'],
  property: 'Properties.ContainerDefinitions',
  // What comes from a parameter or another resource as a whole is known only when it is deployed.
  check: (resource) => everyContainer(resource, ({ Image }) => 'Ref' in asRecord(Image) || 'Fn::GetAtt' in asRecord(Image) || literalText(Image).includes('@sha256:')),
};
