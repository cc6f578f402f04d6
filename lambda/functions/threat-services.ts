import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { createSignedCall } from '../deployment/aws-signed-call';
import { createThreatServicesResource, ensureThreatServices } from '../deployment/aws-threat-services';
import { required } from '../deployment/environment';

const call = createSignedCall(required(process.env, 'AWS_REGION'), required(process.env, 'MCP_URL_SUFFIX'));

/** A custom resource of CloudFormation: GuardDuty, Security Hub and Inspector watch this account and region. */
export const handler = createThreatServicesResource((wanted) => ensureThreatServices(wanted, call, new SecurityHubClient({})));
