import { compliantIf, type SecurityRule } from '../rule';
import { asRecord } from '../template';

const COMMENT = /\/\/[^\n]*/g;
const PERMITS_EVERYTHING = /permit\s*\(\s*principal\s*,\s*action\s*,\s*resource\s*,?\s*\)\s*(?:when\s*\{\s*true\s*\}\s*)?;/;

export const policyHasScope: SecurityRule = {
  id: 'PolicyHasScope',
  controls: ['CV-1', 'IAM-2'],
  finding: 'A Cedar policy permits every principal every action on every resource.',
  fix: 'Name the principal, the action or the resource, or add a condition.',
  resourceTypes: ['AWS::VerifiedPermissions::Policy'],
  property: 'Properties.Definition.Static.Statement',
  check({ properties }) {
    const { Statement } = asRecord(asRecord(properties.Definition).Static);
    if (typeof Statement !== 'string') return 'not-applicable';
    return compliantIf(!PERMITS_EVERYTHING.test(Statement.replace(COMMENT, '')));
  },
};
