import type { Writable } from 'node:stream';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { certificateOf, toRequest, writeResponse, type ResponsePrelude } from '../deployment/aws-api-gateway';
import { startProxyGateway } from '../deployment/aws-proxy';
import { openFunctionTracing } from '../deployment/aws-tracing';
import { readProxySettings } from '../deployment/settings';

/** What the Node.js runtime of AWS Lambda offers for streamed responses. */
declare const awslambda: {
  streamifyResponse(handler: (event: APIGatewayProxyEvent, stream: Writable) => Promise<void>): unknown;
  HttpResponseStream: { from(stream: Writable, prelude: ResponsePrelude): Writable };
};

const settings = readProxySettings(process.env);
const tracing = openFunctionTracing(process.env, settings);
const gateway = startProxyGateway(settings, undefined, tracing?.tracer);
// Reported by the first request; without this an early failure would end the process before it.
gateway.catch(() => {});

/** Serves every request of the API: MCP, metadata, preflights and the health check. */
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const { identity } = event.requestContext;
  const response = await (await gateway).fetch(toRequest(event), { address: identity.sourceIp, clientCertificate: certificateOf(identity) });
  await writeResponse(response, (prelude) => awslambda.HttpResponseStream.from(stream, prelude));
  await Promise.all([(await gateway).settle(), tracing?.flush()]);
});
