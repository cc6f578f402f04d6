import { authorizerOf } from '../deployment/aws-authorizer';
import { openFunctionTracing } from '../deployment/aws-tracing';
import { readAuthorizerSettings } from '../deployment/settings';

/** How long a request waits for its spans at most: the answer is there, and ends the function. Milliseconds. */
const FLUSH_MS = 300;

/** Answers API Gateway's question whether a request may reach an MCP server at all. Whatever it throws, the request is refused. */
export const handler = authorizerOf(readAuthorizerSettings(process.env), openFunctionTracing(process.env, { flushMs: FLUSH_MS }));
