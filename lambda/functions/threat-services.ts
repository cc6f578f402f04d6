import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { createSignedCall } from '../deployment/aws-signed-call';
import { createThreatServices, ensureThreatServices } from '../deployment/aws-threat-services';
import { required } from '../deployment/environment';

const call = createSignedCall(required(process.env, 'AWS_REGION'), required(process.env, 'MCP_URL_SUFFIX'));

/** A custom resource of CloudFormation, looked after every day: GuardDuty, Security Hub and Inspector watch this account and region. */
export const handler = createThreatServices(
  (wanted) => ensureThreatServices(wanted, call, new SecurityHubClient({})),
  (line) => void process.stdout.write(`${line}\n`),
);
