import { hash, X509Certificate } from 'node:crypto';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { APIGatewayProxyEvent } from 'aws-lambda';

/** What API Gateway reads before the body of a streamed response. */
export interface ResponsePrelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

type Several = Readonly<Record<string, readonly string[] | undefined>> | null;

/** Every value that was sent: a header that comes twice must not pass for one. */
export function headersOf({ multiValueHeaders }: { readonly multiValueHeaders: Several }): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) for (const value of values ?? []) headers.append(name, value);
  return headers;
}

/** The query with its question mark, or nothing. */
export function queryOf({ multiValueQueryStringParameters }: { readonly multiValueQueryStringParameters: Several }): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(multiValueQueryStringParameters ?? {})) for (const value of values ?? []) query.append(name, value);
  return query.size === 0 ? '' : `?${query}`;
}

/**
 * The request that an event of a REST API's proxy integration stands for. Its path has no stage. Where the client began no trace, in its headers or in
 * `_meta`, the request is in the one that the authorizer began.
 */
export function toRequest(event: APIGatewayProxyEvent): Request {
  const headers = headersOf(event);
  const begun: unknown = event.requestContext.authorizer?.traceparent;
  if (typeof begun === 'string' && !event.body?.includes('"traceparent"')) headers.set('traceparent', begun);
  const host = headers.get('host') ?? event.requestContext.domainName ?? 'localhost';
  const body = event.body === null || event.body === undefined ? undefined : Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
  return new Request(`https://${host}${event.path}${queryOf(event)}`, { method: event.httpMethod, headers, ...(body === undefined ? {} : { body }) });
}

/** Writes `response` as its parts come. `open` makes the body's stream once the prelude is known. */
export async function writeResponse(response: Response, open: (prelude: ResponsePrelude) => Writable): Promise<void> {
  const body = open({ statusCode: response.status, headers: Object.fromEntries(response.headers) });
  if (response.body === null) {
    // API Gateway needs a first byte before it takes the prelude.
    body.end('');
    return;
  }
  await pipeline(response.body as unknown as AsyncIterable<Uint8Array>, body);
}

/** The digest of the client's certificate, where the API has mutual TLS: API Gateway has checked that the client holds its key (RFC 8705). */
export function certificateOf({ clientCert }: { readonly clientCert?: { readonly clientCertPem: string } | null }): string | undefined {
  const pem = clientCert?.clientCertPem;
  return pem === undefined ? undefined : hash('sha256', new X509Certificate(pem).raw, 'base64url');
}
