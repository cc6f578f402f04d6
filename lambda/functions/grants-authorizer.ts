import { authenticatorOf } from '../deployment/aws-decision-point';
import { createGrantAuthorizer } from '../deployment/aws-grant-authorizer';
import { readSharedSettings } from '../deployment/settings';

const settings = readSharedSettings(process.env);

/** Answers API Gateway's question whether a request may reach the API of grants at all. Whatever it throws, the request is refused. */
export const handler = createGrantAuthorizer({ publicUrl: settings.publicUrl, authenticator: authenticatorOf(settings) });
