import { createPutRecords } from '../../lambda/deployment/aws-firehose';

process.env.AWS_ACCESS_KEY_ID = 'AKIDEXAMPLE';
process.env.AWS_SECRET_ACCESS_KEY = 'example';

interface Asked {
  readonly headers: Record<string, string>;
  readonly stream: string;
  readonly lines: readonly string[];
}

/** Data Firehose that takes what `takes` says, by the number of the request and of the record. */
function firehose(takes: (request: number, record: number) => boolean) {
  const asked: Asked[] = [];
  const send = async (url: URL, { headers, body }: { headers: Record<string, string>; body: string }) => {
    const { DeliveryStreamName, Records } = JSON.parse(body);
    expect(url.href).toBe('https://firehose.eu-west-1.amazonaws.com/');
    const lines = Records.map(({ Data }: { Data: string }) => Buffer.from(Data, 'base64').toString());
    asked.push({ headers, stream: DeliveryStreamName, lines });
    return Response.json({ RequestResponses: lines.map((_: string, index: number) => (takes(asked.length, index) ? { RecordId: 'r' } : { ErrorCode: 'ServiceUnavailableException' })) });
  };
  const waited: number[] = [];
  const put = createPutRecords({ region: 'eu-west-1', urlSuffix: 'amazonaws.com', fetch: send as unknown as typeof fetch, wait: async (milliseconds) => void waited.push(milliseconds) });
  return { put, asked, waited };
}

test('records are put in signed batches that the service takes, in their order, each a line', async () => {
  const { put, asked } = firehose(() => true);
  const lines = Array.from({ length: 1_201 }, (_, index) => `{"n":${index}}`);
  await put('activity', lines);
  expect(asked.map(({ lines: { length } }) => length)).toEqual([500, 500, 201]);
  expect(asked.flatMap(({ lines: sent }) => sent).join('')).toBe(`${lines.join('\n')}\n`);
  expect(asked[0]!.headers).toMatchObject({ 'x-amz-target': 'Firehose_20150804.PutRecordBatch', 'content-type': 'application/x-amz-json-1.1', authorization: expect.stringContaining('/eu-west-1/firehose/aws4_request') });
  await put('activity', Array.from({ length: 5 }, () => 'x'.repeat(900_000)));
  expect(asked.slice(3).map(({ lines: { length } }) => length)).toEqual([2, 2, 1]);
});

test('what was not taken is put again, alone and later', async () => {
  const { put, asked, waited } = firehose((request, record) => request > 1 || record !== 1);
  await put('activity', ['a', 'b', 'c']);
  expect(asked.map(({ lines }) => lines)).toEqual([['a\n', 'b\n', 'c\n'], ['b\n']]);
  expect(waited).toHaveLength(1);
});

test('what is never taken is an error, so that the event comes again', async () => {
  await expect(firehose(() => false).put('activity', ['a'])).rejects.toThrow('the delivery stream activity did not take 1 records');
});

test('nothing is asked where there is nothing to put', async () => {
  const { put, asked } = firehose(() => true);
  await put('activity', []);
  expect(asked).toEqual([]);
});
