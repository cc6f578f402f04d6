/**
 * What the gateway shows a server to be let in: a credential of its own or one that was issued for the principal, never the
 * token that the client showed the gateway (IAM-3; MCP authorization, token passthrough).
 */
export interface UpstreamCredentials {
  /** `principal`: each principal has its own, and a request without one gets none. `gateway`: the same whoever calls. */
  readonly owner: 'principal' | 'gateway';
  /**
   * Headers for one request to the server.
   * @throws CredentialUnavailable
   */
  headersFor(request: UpstreamRequest, caller: Caller | undefined): Promise<Readonly<Record<string, string>>>;
  /** Notes that the server did not accept what `headersFor` gave: it is not given again. */
  refused(caller: Caller | undefined): void;
}

/** The request that is about to be sent. */
export interface UpstreamRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly url: URL;
  /** Of a POST, exactly as it is sent; only credentials that sign it look at it. */
  body(): string;
}

/** Whoever a request is made for. */
export interface Caller {
  /** Tells apart principals, and what their tokens allow: credentials are never shared between two keys. */
  readonly key: string;
  /** The access token that the client showed; exchanged, never sent to the server. */
  readonly token: string;
}

/** There is no credential, so the request is not sent. The message says which server of whose, never a secret. */
export class CredentialUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CredentialUnavailable';
  }
}
