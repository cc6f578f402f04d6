import { CfnOutput } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import { ToolRegistry } from '../../lib';
import type { ToolRegistryProps } from '../../lib';

/** The registry of approved tools, and what people decide with. */
export function addToolRegistry(stack: Stack, props?: ToolRegistryProps): ToolRegistry {
  const registry = new ToolRegistry(stack, 'Tools', props);
  new CfnOutput(stack, 'ToolRegistryTable', { value: registry.tableName });
  new CfnOutput(stack, 'ToolRegistryKey', { value: registry.signingKeyArn });
  new CfnOutput(stack, 'ToolDecisionUrl', { value: registry.decisionUrl });
  return registry;
}
