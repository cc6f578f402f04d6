import { noticesTo, responderOf, responseWorkflow } from '../deployment/aws-response';
import { required } from '../deployment/environment';
import { readResponseSettings } from '../deployment/response-settings';
import { createAskStep } from '../response';

/** Asks people for their word on an action. */
export const handler = createAskStep(responderOf(readResponseSettings(process.env)), responseWorkflow(undefined).complete, noticesTo(required(process.env, 'MCP_RESPONSE_TOPIC')));
