import { CredentialUnavailable, type Caller, type UpstreamCredentials, type UpstreamRequest } from '../../credentials';
import { UpstreamFailure } from './event';
import type { HttpTransport } from './http';

type Headers = Readonly<Record<string, string>>;

/**
 * A transport whose every request carries the credentials of its caller. What the server refuses with 401 it has not acted
 * on: the request is sent once more, with credentials that are new.
 */
export function withCredentials(transport: HttpTransport, url: string, credentials: UpstreamCredentials, callerOf: () => Caller | undefined): HttpTransport {
  const target = new URL(url);

  async function credentialed<Answer>(
    method: UpstreamRequest['method'],
    body: () => string,
    send: (headers: Headers) => Promise<Answer>,
    isRefused: (answer: Answer) => Promise<boolean>,
  ): Promise<Answer> {
    const caller = callerOf();
    const headers = () => credentials.headersFor({ method, url: target, body }, caller).catch(unavailable);
    try {
      const answer = await send(await headers());
      if (!(await isRefused(answer))) return answer;
    } catch (failure) {
      if (!(failure instanceof UpstreamFailure && failure.code === 'status' && failure.status === 401)) throw failure;
    }
    credentials.refused(caller);
    return send(await headers());
  }

  return {
    post: (message, options) =>
      credentialed(
        'POST',
        () => JSON.stringify(message),
        (headers) => transport.post(message, { ...options, headers: { ...options.headers, ...headers } }),
        () => Promise.resolve(false),
      ),
    openStream: (options) =>
      credentialed(
        'GET',
        () => '',
        (headers) => transport.openStream({ ...options, headers: { ...options.headers, ...headers } }),
        async (exchange) => {
          if (exchange.status !== 401) return false;
          await exchange.events.return?.();
          return true;
        },
      ),
    endSession: (options) =>
      credentialed(
        'DELETE',
        () => '',
        (headers) => transport.endSession({ ...options, headers: { ...options.headers, ...headers } }),
        (status) => Promise.resolve(status === 401),
      ),
    close: () => transport.close(),
  };
}

function unavailable(error: unknown): never {
  if (!(error instanceof CredentialUnavailable)) throw error;
  throw new UpstreamFailure('credential', `The request was not sent: ${error.message}.`);
}
