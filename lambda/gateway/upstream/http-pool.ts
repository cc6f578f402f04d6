import { Pool } from 'undici';
import { guardedLookup } from '../../outbound';
import type { UpstreamLimits } from './event';

/** An MCP server reached over HTTP. */
export interface HttpUpstream {
  readonly name: string;
  /** Where its one endpoint is. It has passed `checkUpstreamUrl`. */
  readonly url: string;
  /** Sent with every request, such as the upstream's own credential (IAM-3). */
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: UpstreamLimits;
}

export interface HttpTransportOptions {
  /**
   * Connections to the upstream at one time, of which an open stream takes one; further requests wait for one.
   * @default 1024
   */
  readonly maxConnections?: number;
  /** For https: trust anchors, and our certificate where the upstream asks for one (PEM). @default - the system's trust anchors */
  readonly tls?: { readonly ca?: string | Buffer; readonly cert?: string | Buffer; readonly key?: string | Buffer };
  /**
   * The host's name may resolve to loopback or a private network. It may never resolve to a link-local address.
   * @default true
   */
  readonly allowPrivate?: boolean;
}

/** Framing and negotiation are the transport's; a configured header must not change them. */
const RESERVED_HEADERS = new Set(['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** Connections to the server. Limits on headers and bodies are kept per request by whoever makes it. */
export function openPool(upstream: HttpUpstream, options: HttpTransportOptions): Pool {
  return new Pool(new URL(upstream.url).origin, {
    connections: options.maxConnections ?? 1024,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    // An explicit value keeps NODE_TLS_REJECT_UNAUTHORIZED from turning the check off.
    connect: { timeout: upstream.limits.connectMs, rejectUnauthorized: true, minVersion: 'TLSv1.2', lookup: guardedLookup({ allowPrivate: options.allowPrivate ?? true }), ...options.tls },
  });
}

/** The headers that every request has, by lower-case names. @throws TypeError for one that the transport sets */
export function configuredHeaders(upstream: HttpUpstream): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(upstream.headers)) {
    const lowerCase = name.toLowerCase();
    if (RESERVED_HEADERS.has(lowerCase)) throw new TypeError(`The header "${lowerCase}" of the server "${upstream.name}" cannot be configured: the gateway sets it.`);
    headers[lowerCase] = value;
  }
  return headers;
}
