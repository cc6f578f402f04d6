import { createAwsSigner } from '../credentials/aws-signer';
import { isJsonObject, type JsonValue } from '../protocol';

/** Sends records to a delivery stream, each a line. @throws where some were not taken, after all were tried again */
export type PutRecords = (stream: string, lines: readonly string[]) => Promise<void>;

/** What Data Firehose takes at once. */
const MAX_RECORDS = 500;
const MAX_BYTES = 3_000_000;
const MAX_TRIES = 4;
const WAIT_MS = 200;
const TIMEOUT_MS = 10_000;

export interface FirehoseOptions {
  readonly region: string;
  readonly urlSuffix: string;
  /** @default fetch */
  readonly fetch?: typeof fetch;
  /** @default - waits for as long */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** Amazon Data Firehose with the role of this process; its client would be a tenth of the bundle. */
export function createPutRecords({ region, urlSuffix, fetch: send = fetch, wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)) }: FirehoseOptions): PutRecords {
  const url = new URL(`https://firehose.${region}.${urlSuffix}/`);
  const signer = createAwsSigner()('firehose', region);

  /** Which of them were not taken. */
  async function put(stream: string, lines: readonly string[]): Promise<readonly string[]> {
    const body = JSON.stringify({ DeliveryStreamName: stream, Records: lines.map((line) => ({ Data: Buffer.from(`${line}\n`).toString('base64') })) });
    const headers = await signer.headersFor({ method: 'POST', url, body: () => body }, undefined);
    const response = await send(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Firehose_20150804.PutRecordBatch' }, body, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const answer: JsonValue = response.ok ? ((await response.json()) as JsonValue) : null;
    if (!isJsonObject(answer) || !Array.isArray(answer.RequestResponses)) return lines;
    const taken = answer.RequestResponses;
    return lines.filter((_, index) => isJsonObject(taken[index]) && taken[index].ErrorCode !== undefined);
  }

  return async (stream, lines) => {
    for (const batch of batchesOf(lines)) {
      let left: readonly string[] = batch;
      for (let tries = 1; left.length > 0; tries += 1) {
        left = await put(stream, left);
        if (left.length > 0 && tries === MAX_TRIES) throw new Error(`the delivery stream ${stream} did not take ${left.length} records`);
        if (left.length > 0) await wait(WAIT_MS * 2 ** tries);
      }
    }
  };
}

function batchesOf(lines: readonly string[]): string[][] {
  const batches: string[][] = [];
  let bytes = 0;
  for (const line of lines) {
    const size = Math.ceil((Buffer.byteLength(line) + 1) / 3) * 4;
    const last = batches.at(-1);
    if (last === undefined || last.length === MAX_RECORDS || bytes + size > MAX_BYTES) {
      batches.push([line]);
      bytes = size;
    } else {
      last.push(line);
      bytes += size;
    }
  }
  return batches;
}
