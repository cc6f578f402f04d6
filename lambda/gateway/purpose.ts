import { isJsonObject, type JsonRpcRequest } from '../protocol';

/** The member of a request's `_meta` in which a client says what the call is for (JIT-3). */
export const PURPOSE_KEY = 'cdk-mcp-zero-trust/purpose';

const MAX_PURPOSE = 500;

/** What the client says that the call is for. It is the client's word: policies compare it, people read it. */
export function statedPurpose({ params }: JsonRpcRequest): string | undefined {
  const stated = isJsonObject(params?._meta) ? params._meta[PURPOSE_KEY] : undefined;
  return typeof stated === 'string' && stated !== '' && stated.length <= MAX_PURPOSE ? stated : undefined;
}
