import { compliantIf, type SecurityRule } from '../rule';
import { asRecord } from '../template';

export const repositoryScanned: SecurityRule = {
  id: 'RepositoryScanned',
  controls: ['CON-5'],
  finding: 'Images of a repository are not scanned for known vulnerabilities when they are pushed.',
  fix: 'Set ImageScanningConfiguration.ScanOnPush.',
  resourceTypes: ['AWS::ECR::Repository'],
  property: 'Properties.ImageScanningConfiguration',
  check: ({ properties }) => compliantIf(asRecord(properties.ImageScanningConfiguration).ScanOnPush === true),
};
