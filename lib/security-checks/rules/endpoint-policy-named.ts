import { compliantIf, type SecurityRule } from '../rule';
import { asList, asRecord } from '../template';

export const endpointPolicyNamed: SecurityRule = {
  id: 'EndpointPolicyNamed',
  controls: ['NET-1'],
  finding: 'A VPC endpoint lets everyone do everything with every account\'s resources, which is what an endpoint without a policy does: it is a way out.',
  fix: 'Set a PolicyDocument that names actions and resources, for principals of this account or organization.',
  resourceTypes: ['AWS::EC2::VPCEndpoint'],
  property: 'Properties.PolicyDocument',
  check({ properties }) {
    if (properties.VpcEndpointType === 'GatewayLoadBalancer') return 'not-applicable';
    const statements = asList(asRecord(properties.PolicyDocument).Statement).map(asRecord);
    return compliantIf(statements.length > 0 && !statements.some(allowsAnything));
  },
};

/** Every action on every resource, whatever the resource: with a condition it is bound to something at least. */
function allowsAnything({ Effect, Action, Resource, Condition }: Readonly<Record<string, unknown>>): boolean {
  return Effect === 'Allow' && Condition === undefined && (asList(Action).some((action) => String(action).endsWith('*')) || asList(Resource).includes('*'));
}
