import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { createSecurityFindings } from '../deployment/aws-security-findings';
import { required } from '../deployment/environment';

/** Tells those who respond, and AWS Security Hub, of what the audit trail finds. */
export const handler = createSecurityFindings({
  events: new EventBridgeClient({}),
  bus: required(process.env, 'MCP_INCIDENT_BUS'),
  hub: process.env.MCP_SECURITY_HUB === 'true' ? new SecurityHubClient({}) : undefined,
  context: { partition: required(process.env, 'MCP_PARTITION'), region: required(process.env, 'AWS_REGION'), account: required(process.env, 'MCP_ACCOUNT'), gateway: required(process.env, 'MCP_GATEWAY') },
  writeLine: (line) => void process.stdout.write(`${line}\n`),
});
