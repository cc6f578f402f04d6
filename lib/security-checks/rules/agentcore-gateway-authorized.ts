import { compliantIf, type SecurityRule } from '../rule';

export const agentCoreGatewayAuthorized: SecurityRule = {
  id: 'AgentCoreGatewayAuthorized',
  controls: ['IAM-1'],
  finding: 'An Amazon Bedrock AgentCore gateway takes requests from anyone.',
  fix: 'Set AuthorizerType to CUSTOM_JWT or AWS_IAM.',
  resourceTypes: ['AWS::BedrockAgentCore::Gateway'],
  property: 'Properties.AuthorizerType',
  check: ({ properties }) => compliantIf((properties.AuthorizerType ?? 'NONE') !== 'NONE'),
};
