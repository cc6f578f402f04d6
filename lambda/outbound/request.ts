import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { guardedLookup } from './address';
import { checkLearnedUrl, UrlRefused, type LearnedUrlRules } from './learned-url';

/** A small document asked for at an address that somebody else named. */
export interface OutboundRequest {
  /** @default 'GET' */
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a POST. */
  readonly body?: string;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface OutboundOptions extends LearnedUrlRules {
  /** From the connection to the last byte, milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** @default 524288 */
  readonly maxBytes?: number;
  /** Trust anchors (PEM). @default - those of the system */
  readonly ca?: string;
}

/** Asks for a document. Rejects where there is no whole answer, whatever its status. */
export type Outbound = (url: string | URL, request?: OutboundRequest) => Promise<OutboundAnswer>;

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Requests under the rules for learned URLs. The name is resolved once, by the connection itself, so the address that was
 * checked is the one that is used. A GET follows at most three redirects, each held to the same rules; a POST, which
 * carries credentials, follows none.
 */
export function createOutbound(options: OutboundOptions): Outbound {
  return async (url, request = {}) => {
    let target = checkLearnedUrl(url, options);
    for (let redirects = 0; ; redirects += 1) {
      const answer = await once(target, request, options);
      const { location } = answer.headers;
      if (!REDIRECTS.has(answer.status) || request.method === 'POST' || typeof location !== 'string') return answer;
      if (redirects === MAX_REDIRECTS) throw new UrlRefused(target, `redirects more than ${MAX_REDIRECTS} times`);
      if (!URL.canParse(location, target.href)) throw new UrlRefused(target, 'redirects to no URL');
      target = checkLearnedUrl(new URL(location, target), options);
    }
  };
}

function once(url: URL, { method = 'GET', headers, body }: OutboundRequest, options: OutboundOptions): Promise<OutboundAnswer> {
  const { timeoutMs = 5_000, maxBytes = 524_288, ca, configured } = options;
  const allowPrivate = configured.some(({ origin }) => origin === url.origin);
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = send(
      url.href,
      // An explicit value keeps NODE_TLS_REJECT_UNAUTHORIZED from turning the check off.
      { method, signal, lookup: guardedLookup({ allowPrivate }), rejectUnauthorized: true, minVersion: 'TLSv1.2', ca, headers: { accept: 'application/json', ...headers, 'accept-encoding': 'identity' } },
      (response) => {
        readBody(response, maxBytes).then((text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }), reject);
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`The answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
