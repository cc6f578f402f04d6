import { createAwsSigner } from '../credentials/aws-signer';
import type { JsonValue } from '../protocol';
import type { CallService } from './aws-threat-services';

const TIMEOUT_MS = 10_000;
/** A function that is called may start in a network first, and reach something from there. */
const INVOCATION_MS = 40_000;

/** Calls services of AWS with the role of this process. A bundle with the clients of all of them would be many times as large. */
export function createSignedCall(region: string, urlSuffix: string, send: typeof fetch = fetch): CallService {
  const signer = createAwsSigner();
  return async (service, method, path, body) => {
    const url = new URL(`https://${service}.${region}.${urlSuffix}${path}`);
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = await signer(service, region).headersFor({ method, url, body: () => text }, undefined);
    const response = await send(url, { method, headers: { ...headers, ...(method === 'POST' ? { 'content-type': 'application/json' } : {}) }, body: method === 'POST' ? text : undefined, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const answer = await response.text();
    return { status: response.status, body: answer === '' ? {} : (JSON.parse(answer) as Record<string, unknown>) };
  };
}

/** Invokes another function and waits for its answer. @throws where it failed: what went wrong is in its own log */
export function createFunctionCall<Request extends object>(functionName: string, region: string, urlSuffix: string, send: typeof fetch = fetch): (request: Request) => Promise<JsonValue> {
  const signer = createAwsSigner()('lambda', region);
  const url = new URL(`https://lambda.${region}.${urlSuffix}/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`);
  return async (request) => {
    const body = JSON.stringify(request);
    const headers = await signer.headersFor({ method: 'POST', url, body: () => body }, undefined);
    const response = await send(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body, redirect: 'error', signal: AbortSignal.timeout(INVOCATION_MS) });
    if (!response.ok || response.headers.has('x-amz-function-error')) throw new Error(`the function ${functionName} failed (${response.status})`);
    return (await response.json()) as JsonValue;
  };
}
