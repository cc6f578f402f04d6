import { createDecideEndpoint } from '../deployment/aws-decide';
import { recorded, responseWorkflow } from '../deployment/aws-response';
import { required } from '../deployment/environment';
import { readResponseSettings } from '../deployment/response-settings';
import { createResponseDesk } from '../response';

const settings = readResponseSettings(process.env);
const workflow = responseWorkflow(required(process.env, 'MCP_RESPONSE_WORKFLOW'));

/** Takes the requests of people. */
export const handler = recorded(settings, (responder) => createDecideEndpoint(createResponseDesk({ ...settings, responder, ...workflow })));
