import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { McpGateway, PolicyStore } from '../../../lib';
import type { McpGatewayOptions, PolicyStoreProps } from '../../../lib';

export const ISSUER = { issuer: 'https://login.example.com', jwksUri: 'https://login.example.com/jwks.json' };

/** A stack with a policy store and a gateway, and its template once asked for: one App for each. */
export function gatewayStack(options: Partial<McpGatewayOptions> | ((stack: Stack) => Partial<McpGatewayOptions>) = {}, store: PolicyStoreProps = {}) {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  const policyStore = new PolicyStore(stack, 'PolicyStore', store);
  const given = typeof options === 'function' ? options(stack) : options;
  const gateway = new McpGateway(stack, 'Gateway', { policyStore, tokenIssuers: [ISSUER], ...given });
  return { app, stack, policyStore, gateway, template: () => Template.fromStack(stack) };
}

/** Text of every Cedar policy in a template. */
export function statementsIn(template: Template): string[] {
  return Object.values(template.findResources('AWS::VerifiedPermissions::Policy')).map((policy) => policy.Properties.Definition.Static.Statement);
}

/** The environment of the function with this description. */
export function environmentOf(template: Template, description: RegExp): Record<string, unknown> {
  const found = Object.values(template.findResources('AWS::Lambda::Function')).find(({ Properties }) => description.test(Properties.Description));
  return found!.Properties.Environment.Variables;
}

export const AUTHORIZER = /^Who is calling/;
export const PROXY = /^Validates, decides/;
