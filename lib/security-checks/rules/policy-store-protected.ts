import { compliantIf, type SecurityRule } from '../rule';
import { asRecord } from '../template';

export const policyStoreProtected: SecurityRule = {
  id: 'PolicyStoreProtected',
  controls: ['CV-1'],
  finding: 'A policy store can be deleted, and every decision with it.',
  fix: 'Set DeletionProtection.Mode to ENABLED.',
  resourceTypes: ['AWS::VerifiedPermissions::PolicyStore'],
  property: 'Properties.DeletionProtection',
  check: ({ properties }) => compliantIf(asRecord(properties.DeletionProtection).Mode === 'ENABLED'),
};
