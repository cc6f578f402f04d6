import { authorizerOf } from '../deployment/aws-authorizer';
import { readAuthorizerSettings } from '../deployment/settings';

/** Answers API Gateway's question whether a request may reach an MCP server at all. Whatever it throws, the request is refused. */
export const handler = authorizerOf(readAuthorizerSettings(process.env));
