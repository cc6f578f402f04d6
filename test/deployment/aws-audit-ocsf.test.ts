import { gunzipSync, gzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { openAuditLog } from '../../lambda/deployment/aws-audit-log';
import { createOcsfWriter, type ObjectCreated } from '../../lambda/deployment/aws-audit-ocsf';
import { eventOf } from '../audit/events';

const s3 = mockClient(S3Client);
beforeEach(() => s3.reset());

const created = (key: string) => ({ account: '123456789012', region: 'eu-west-1', detail: { bucket: { name: 'archive' }, object: { key } } }) as ObjectCreated;
const holds = (bytes: Uint8Array | undefined) => s3.on(GetObjectCommand).resolves({ Body: (bytes && { transformToByteArray: () => Promise.resolve(bytes) }) as never });
const write = createOcsfWriter(new S3Client({ region: 'local' }), 'ocsf/');

const REQUEST = { time: '2026-11-22T23:59:59.000Z', requestId: 'r', traceId: 't', spanId: 's', decision: 'allow', policyIds: [], requestBytes: 1, responseBytes: 2, durationMs: 3, httpStatus: 200 } as const;

describe('archived audit events in OCSF', () => {
  it('LOG-2 ENT-2 go where their class and their day belong, and nothing else does', async () => {
    const lines: string[] = [];
    const log = await openAuditLog({}, (line) => lines.push(line));
    log.sink.write(eventOf(REQUEST));
    log.sink.write(eventOf({ ...REQUEST, time: '2026-11-23T00:00:00.000Z', requestId: 'r2' }));
    log.sink.write(eventOf({ ...REQUEST, requestId: 'r3' }));
    log.write('{"time":"2026-11-22T12:00:00.000Z","kind":"detection","signal":"loop","risk":80,"why":"the same call over and over","signals":["loop"]}');
    log.write('{"time":"2026-11-22T12:00:00.000Z","kind":"tool","subject":"files/read","action":"approve","by":"ada","why":"read it"}');
    log.write('{"time":"2026-11-22T12:00:00.000Z","kind":"checkpoint","final":false}');
    holds(gzipSync(`${lines.join('\n\n')}\nbroken\n`));
    await write(created('events/region=eu-west-1/accountId=123456789012/eventDay=20261122/Audit-1-2026-11-22.gz'));
    const put = Object.fromEntries(s3.commandCalls(PutObjectCommand).map(({ args: [{ input }] }) => [input.Key, gunzipSync(input.Body as Buffer).toString().trim().split('\n').map((line) => JSON.parse(line))]));
    const at = (folder: string, day: string) => `ocsf/${folder}/region=eu-west-1/accountId=123456789012/eventDay=${day}/Audit-1-2026-11-22.json.gz`;
    expect(put).toEqual({
      [at('api-activity', '20261122')]: [expect.objectContaining({ class_uid: 6003, metadata: expect.objectContaining({ uid: 'r' }) }), expect.objectContaining({ metadata: expect.objectContaining({ uid: 'r3' }) })],
      [at('api-activity', '20261123')]: [expect.objectContaining({ class_uid: 6003, metadata: expect.objectContaining({ uid: 'r2' }) })],
      [at('detection-finding', '20261122')]: [expect.objectContaining({ class_uid: 2004, severity_id: 4 })],
      [at('authorize-session', '20261122')]: [expect.objectContaining({ class_uid: 3003, message: 'read it' })],
    });
  });

  it('come again where S3 does not give the object', async () => {
    s3.on(GetObjectCommand).rejects(new Error('slow down'));
    await expect(write(created('events/a'))).rejects.toThrow('slow down');
    holds(undefined);
    await expect(write(created('events/a'))).rejects.toThrow('empty');
  });
});

describe('archived audit events as rows of a lake', () => {
  const streams = { 6003: 'activity', 3003: 'sessions', 2004: 'findings' };

  it('ENT-2 go to the stream of their class, with what OCSF has no place for as text by its name', async () => {
    const put = jest.fn(async () => undefined);
    holds(gzipSync(`${JSON.stringify({ ...REQUEST, policyIds: ['p1'] })}\n{"time":"2026-11-22T12:00:00.000Z","kind":"detection","signal":"loop","risk":80,"why":"w","signals":["loop"]}\n`));
    await createOcsfWriter(new S3Client({ region: 'local' }), 'ocsf/', { streams, put })(created('events/a.gz'));
    const [[activity, [row]], [findings]] = put.mock.calls as unknown as [[string, string[]], [string, string[]]];
    expect([activity, findings]).toEqual(['activity', 'findings']);
    expect(JSON.parse(row!)).toMatchObject({ class_uid: 6003, time: Date.parse(REQUEST.time), unmapped: { 'mcp.policy_ids': '["p1"]', 'mcp.trace_id': 't', 'mcp.request_bytes': '1' } });
  });

  it('LOG-2 come again where the lake does not take them', async () => {
    holds(gzipSync(`${JSON.stringify(REQUEST)}\n`));
    const put = async () => { throw new Error('full'); };
    await expect(createOcsfWriter(new S3Client({ region: 'local' }), 'ocsf/', { streams, put })(created('events/a.gz'))).rejects.toThrow('full');
  });
});
