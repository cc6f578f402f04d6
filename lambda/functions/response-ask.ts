import { noticesTo, recorded, responseWorkflow } from '../deployment/aws-response';
import { required } from '../deployment/environment';
import { readResponseSettings } from '../deployment/response-settings';
import { createAskStep } from '../response';

const { complete } = responseWorkflow(undefined);
const send = noticesTo(required(process.env, 'MCP_RESPONSE_TOPIC'));

/** Asks people for their word on an action. */
export const handler = recorded(readResponseSettings(process.env), (responder) => createAskStep(responder, complete, send));
