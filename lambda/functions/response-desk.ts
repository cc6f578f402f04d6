import { createDecideEndpoint } from '../deployment/aws-decide';
import { responderOf, responseWorkflow } from '../deployment/aws-response';
import { required } from '../deployment/environment';
import { readResponseSettings } from '../deployment/response-settings';
import { createResponseDesk } from '../response';

const settings = readResponseSettings(process.env);

/** Takes the requests of people. */
export const handler = createDecideEndpoint(createResponseDesk({ ...settings, responder: responderOf(settings), ...responseWorkflow(required(process.env, 'MCP_RESPONSE_WORKFLOW')) }));
