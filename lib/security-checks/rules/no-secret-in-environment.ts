import { compliantIf, type SecurityRule } from '../rule';
import { asRecord } from '../template';

/** Names of variables whose literal value is most likely the secret itself; not those that say where it is. */
const SECRET_NAME = /(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)$/i;
/** Keys and tokens that show by their own form what they are. */
const SECRET_VALUE = /^(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|xox[abp]-\S{10,}|sk-[A-Za-z0-9_-]{20,}|eyJ[\w-]{10,}\.eyJ[\w-]+\.[\w-]*|-----BEGIN )/;

export const noSecretInEnvironment: SecurityRule = {
  id: 'NoSecretInEnvironment',
  controls: ['ENT-4'],
  finding: 'The environment of a function holds what looks like a secret, for everyone to read who may read the template or the function.',
  fix: 'Keep it in AWS Secrets Manager and give the function its ARN.',
  resourceTypes: ['AWS::Lambda::Function'],
  property: 'Properties.Environment.Variables',
  check({ properties }) {
    const variables = Object.entries(asRecord(asRecord(properties.Environment).Variables));
    if (variables.length === 0) return 'not-applicable';
    return compliantIf(!variables.some(([name, value]) => typeof value === 'string' && looksSecret(name, value)));
  },
};

function looksSecret(name: string, value: string): boolean {
  return SECRET_VALUE.test(value) || (SECRET_NAME.test(name) && value !== '' && !value.startsWith('arn:') && !value.startsWith('{{resolve:'));
}
