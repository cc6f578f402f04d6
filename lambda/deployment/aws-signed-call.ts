import { createAwsSigner } from '../credentials/aws-signer';
import type { CallService } from './aws-threat-services';

const TIMEOUT_MS = 10_000;

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
