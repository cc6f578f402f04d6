import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Era } from '../protocol';
import { askMcp, type Answer } from './ask';

export interface ProbeOptions {
  readonly port: number;
  /** The MCP endpoint that is asked. */
  readonly url: URL;
  /** For each request to it, milliseconds. */
  readonly timeoutMs: number;
  /** How long an answer holds, milliseconds: the questions of a kubelet come in pairs. */
  readonly holdMs: number;
  readonly clock?: () => number;
}

export interface Probe {
  readonly port: number;
  close(): void;
}

/** Answers `GET /livez` and `GET /readyz` with 200 while the server answers MCP, and with 503 and the reason while it does not. */
export async function startProbe({ port, url, timeoutMs, holdMs, clock = Date.now }: ProbeOptions): Promise<Probe> {
  let era: Era | undefined;
  let asked: { readonly answer: Promise<Answer>; until: number } | undefined;
  const ask = (): Promise<Answer> => {
    if (asked && clock() < asked.until) return asked.answer;
    const question = { answer: askMcp(url, era, timeoutMs), until: Infinity };
    asked = question;
    return question.answer.then((answer) => {
      question.until = clock() + holdMs;
      era = answer.answers ? answer.era : undefined;
      return answer;
    });
  };
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000, maxHeaderSize: 4096 }, (incoming, outgoing) => {
    if (incoming.method !== 'GET' || (incoming.url !== '/livez' && incoming.url !== '/readyz')) return void outgoing.writeHead(404).end();
    return void ask().then((answer) => outgoing.writeHead(answer.answers ? 200 : 503, { 'content-type': 'text/plain' }).end(answer.answers ? 'answers MCP' : answer.why));
  });
  await listen(server, port);
  return { port: (server.address() as AddressInfo).port, close: () => void server.close().closeAllConnections() };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
}
