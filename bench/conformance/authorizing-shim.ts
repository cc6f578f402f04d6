/** A client's authorization for a client that has none: the suite sends no tokens, so a shim on this machine adds them. */
import { createServer, request as forward, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Headers that a request to `url` needs to be let in. */
export type Authorize = (method: string, url: URL) => Promise<Readonly<Record<string, string>>>;

/**
 * Listens on a free port of 127.0.0.1 and passes every request on to `target` with what `authorize` adds; streams go through
 * piece by piece. Its own name in `Host` and `Origin` becomes the target's; any other name stays, so that the target judges it.
 *
 * @returns the URL that stands for `target`
 */
export async function startShim(target: string, authorize: Authorize): Promise<string> {
  const { hostname, port, pathname } = new URL(target);
  const shim = createServer((incoming, outgoing) => {
    const method = incoming.method ?? 'GET';
    const own = `127.0.0.1:${(shim.address() as AddressInfo).port}`;
    const fail = () => outgoing.headersSent || outgoing.writeHead(502).end();
    authorize(method, new URL(target)).then((added) => {
      const headers = { ...renamed(incoming.headers, own.split(':')[1]!, port), ...added };
      const sent = forward({ hostname, port, path: incoming.url, method, headers, agent: false }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        outgoing.flushHeaders();
        answer.pipe(outgoing);
        answer.once('error', () => outgoing.destroy());
      });
      sent.once('error', fail);
      outgoing.once('close', () => sent.destroy());
      incoming.pipe(sent);
    }, fail);
  });
  await new Promise<void>((resolve) => shim.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(shim.address() as AddressInfo).port}${pathname}`;
}

function renamed(headers: IncomingHttpHeaders, ownPort: string, targetPort: string): IncomingHttpHeaders {
  const rename = (value: string | undefined) => value?.replace(new RegExp(`(?<=^|//)(127\\.0\\.0\\.1|localhost):${ownPort}$`), `$1:${targetPort}`);
  const { origin, ...rest } = headers;
  return { ...rest, host: rename(headers.host), ...(origin === undefined ? {} : { origin: rename(origin) }) };
}
