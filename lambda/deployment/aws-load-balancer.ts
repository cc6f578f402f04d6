import { STATUS_CODES } from 'node:http';
import type { ALBEvent, ALBResult } from 'aws-lambda';
import { headersOf } from './aws-api-gateway';

/** A request that a load balancer hands to a function, whose target group keeps headers that come several times. */
export type BalancedEvent = ALBEvent & { readonly multiValueHeaders: Readonly<Record<string, string[] | undefined>> };

/** Whether an event is a load balancer's. */
export function isBalanced(event: { readonly requestContext: object }): event is BalancedEvent {
  return 'elb' in event.requestContext;
}

/** The request that it stands for. A load balancer hands the query on as it was sent, and forms in base64. */
export function toBalancedRequest({ httpMethod: method, path, body: text, isBase64Encoded, ...event }: BalancedEvent): Request {
  const headers = headersOf(event);
  const parts = Object.entries(event.multiValueQueryStringParameters ?? {}).flatMap(([name, values]) => (values ?? []).map((value) => `${name}=${value}`));
  const query = parts.length === 0 ? '' : `?${parts.join('&')}`;
  const body = !text || method === 'GET' || method === 'HEAD' ? undefined : Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8');
  return new Request(`https://${headers.get('host') ?? 'localhost'}${path}${query}`, { method, headers, ...(body && { body }) });
}

/** Who connected to the load balancer, which writes it behind what the client says. */
export function connectedTo({ multiValueHeaders }: BalancedEvent): string | undefined {
  return multiValueHeaders['x-forwarded-for']?.at(-1)?.split(',').at(-1)?.trim();
}

/** What the load balancer makes a response of. */
export async function toBalancedResult(response: Response): Promise<ALBResult> {
  const { status } = response;
  return {
    statusCode: status,
    statusDescription: `${status} ${STATUS_CODES[status] ?? ''}`.trim(),
    multiValueHeaders: Object.fromEntries([...response.headers].map(([name, value]) => [name, [value]])),
    body: await response.text(),
    isBase64Encoded: false,
  };
}
