import type { Seal } from '../sessions';

/** What the endpoint of a stream is bound to: its URL is of no use to another principal, or at another server (MUL-6, PUB-1). */
export interface EndpointId {
  readonly stream: string;
  readonly server: string;
  /** `principalKey` of who opened the stream. */
  readonly principal: string;
}

const PURPOSE = 'http-sse-endpoint';

export function sealEndpoint(seal: Seal, { stream, server, principal }: EndpointId): string {
  return seal.seal(PURPOSE, { stream, server, principal });
}

/** The id of the stream, or `undefined` when `sealed` is not ours, or not for this server and principal. */
export function openEndpoint(seal: Seal, sealed: string, server: string, principal: string): string | undefined {
  const id = seal.open(PURPOSE, sealed);
  return id !== undefined && id.server === server && id.principal === principal ? String(id.stream) : undefined;
}
