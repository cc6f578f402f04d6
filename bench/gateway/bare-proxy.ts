/** The least that a reverse proxy can be: `node:http` on both sides, kept-alive connections, nothing looked at. */
import { Agent, createServer, request } from 'node:http';

const [, , port = '0', upstream = ''] = process.argv;
const { hostname, port: upstreamPort } = new URL(upstream);
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

const server = createServer((incoming, outgoing) => {
  const forwarded = request(
    {
      agent,
      hostname,
      port: upstreamPort,
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, host: `${hostname}:${upstreamPort}` },
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  forwarded.on('error', () => outgoing.destroy());
  outgoing.on('close', () => forwarded.destroy());
  incoming.pipe(forwarded);
});

server.listen(Number(port), '127.0.0.1', () => console.log(`ready on port ${port}`));
