import { compliantIf, type SecurityRule } from '../rule';
import { asRecord } from '../template';

export const policyStoreStrict: SecurityRule = {
  id: 'PolicyStoreStrict',
  controls: ['CV-1'],
  finding: 'A policy store takes policies that nothing validates. Cedar skips a policy that fails while it is evaluated, so a forbid with a mistake forbids nothing.',
  fix: 'Set ValidationSettings.Mode to STRICT and give the store a schema.',
  resourceTypes: ['AWS::VerifiedPermissions::PolicyStore'],
  property: 'Properties.ValidationSettings',
  check: ({ properties }) => compliantIf(asRecord(properties.ValidationSettings).Mode === 'STRICT' && properties.Schema !== undefined),
};
