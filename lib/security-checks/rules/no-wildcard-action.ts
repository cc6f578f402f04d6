import { compliantIf, type SecurityRule } from '../rule';
import { asList, asRecord, type TemplateResource } from '../template';

export const noWildcardAction: SecurityRule = {
  id: 'NoWildcardAction',
  controls: ['IAM-2', 'TBL-2'],
  finding: 'An IAM policy allows all actions of a service, or of all services.',
  fix: 'Name the actions.',
  resourceTypes: ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Role', 'AWS::IAM::User', 'AWS::IAM::Group'],
  property: 'Properties',
  check: (resource) => compliantIf(!statementsOf(resource).some(allowsEverything)),
};

function statementsOf({ properties }: TemplateResource): readonly Readonly<Record<string, unknown>>[] {
  const inline = asList(properties.Policies).map((policy) => asRecord(policy).PolicyDocument);
  return [properties.PolicyDocument, ...inline].flatMap((document) => asList(asRecord(document).Statement).map(asRecord));
}

function allowsEverything({ Effect, Action, NotAction }: Readonly<Record<string, unknown>>): boolean {
  if (Effect !== 'Allow') return false;
  return NotAction !== undefined || asList(Action).some((action) => action === '*' || String(action).endsWith(':*'));
}
