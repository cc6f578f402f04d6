/** The process that puts on the load: takes a `Load` over IPC, answers with a `Measurement`. Ends with its parent. */
import { performance } from 'node:perf_hooks';
import { Client } from 'undici';
import { MESSAGE, callBody, callHeaders, handshake, type Load, type Measurement } from './load';

type Call = (id: number) => Promise<void>;

const TIME_LIMITS = { headersTimeout: 10_000, bodyTimeout: 10_000, connectTimeout: 5_000 };

async function measure(load: Load): Promise<Measurement> {
  const { origin, pathname } = new URL(load.url);
  const clients = Array.from({ length: load.connections }, () => new Client(origin, TIME_LIMITS));
  try {
    const calls = await Promise.all(clients.map((client) => openConversation(client, pathname, load)));
    const begin = performance.now() + load.warmUpMs;
    const end = begin + load.measureMs;
    const latencies = await Promise.all(calls.map((call) => callUntil(end, begin, call)));
    return summarize(latencies.flat(), performance.now() - begin);
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
}

/** Does what has to come before the first call and returns how to make one. */
async function openConversation(client: Client, path: string, { traffic, headers }: Load): Promise<Call> {
  const send = async (own: Readonly<Record<string, string>>, body: string) => {
    const { statusCode, headers: received, body: stream } = await client.request({
      method: 'POST',
      path,
      headers: { ...own, ...headers },
      body,
    });
    const text = await stream.text();
    if (statusCode >= 300) throw new Error(`${traffic} request answered with HTTP ${statusCode}: ${text.slice(0, 500)}`);
    return { received, text };
  };
  let session: Record<string, string> = {};
  if (traffic === 'legacy') {
    const { received } = await send(handshake.headers, handshake.initialize);
    const id = received['mcp-session-id'];
    if (typeof id === 'string') session = { 'mcp-session-id': id };
    await send({ ...callHeaders.legacy, ...session }, handshake.initialized);
  }
  const ownHeaders = { ...callHeaders[traffic], ...session };
  return async (id) => {
    const { text } = await send(ownHeaders, callBody(traffic, id));
    if (!text.includes(MESSAGE)) throw new Error(`A call was not answered with its echo: ${text.slice(0, 500)}`);
  };
}

async function callUntil(end: number, countFrom: number, call: Call): Promise<number[]> {
  const latencies: number[] = [];
  let begin = performance.now();
  for (let id = 1; begin < end; id++) {
    await call(id);
    const now = performance.now();
    if (begin >= countFrom) latencies.push(now - begin);
    begin = now;
  }
  return latencies;
}

function summarize(latencies: number[], elapsedMs: number): Measurement {
  const sorted = Float64Array.from(latencies).sort();
  const percentile = (share: number) => toMicroseconds(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  return {
    requestsPerSecond: Math.round((1000 * sorted.length) / elapsedMs),
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
  };
}

/** The clock knows no more digits than that. */
function toMicroseconds(milliseconds = NaN): number {
  return Math.round(milliseconds * 1000) / 1000;
}

process.on('message', (load: Load) => {
  measure(load).then(
    (measurement) => process.send?.({ measurement }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit());
