import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { createGuardReporter } from '../../lambda/deployment/aws-guard-events';
import { createLambdaDlp } from '../../lambda/deployment/aws-guard-lambda';
import { startDataGuard } from '../../lambda/deployment/aws-guard';

const s3 = mockClient(S3Client);
const events = mockClient(EventBridgeClient);
const caller = { principalKey: 'a', groups: [], requestId: 'r' };
const document = (value: unknown) => void s3.on(GetObjectCommand).resolves({ Body: { transformToString: async () => (typeof value === 'string' ? value : JSON.stringify(value)) } } as never);
const start = () => startDataGuard('crm', { bucket: 'b', key: 'k' }, { tokenKey: new Uint8Array(32), onReport: undefined });
beforeEach(() => {
  s3.reset();
  events.reset();
});

describe('the guard of a deployed server', () => {
  it('DLP-2 does what its document says, with recognisers of one\'s own', async () => {
    document({ results: { dataClasses: { custom: 'block' } }, recognisers: [{ recognisers: [{ id: 'employee-id', anchors: ['EMP-'], pattern: 'EMP-\\d{6}' }] }] });
    const guard = await start();
    expect(s3.commandCalls(GetObjectCommand)[0]!.args[0].input).toEqual({ Bucket: 'b', Key: 'k' });
    expect(await guard.guardResult({ content: [{ type: 'text', text: 'EMP-123456' }] }, 't', caller)).toMatchObject({ ok: false, reason: 'custom/employee-id' });
  });

  it.each([['no JSON', '<xml>'], ['no object', '[]'], ['a recogniser that cannot be used', { recognisers: [{ recognisers: [{ id: 'x' }] }] }], ['a schema that cannot be enforced', { arguments: { schema: { $ref: 'https://x' } } }]])('does not start with %s', async (_what, value) => {
    document(value);
    await expect(start()).rejects.toThrow();
  });
});

describe('findings', () => {
  const metrics = { added: [] as unknown[], singleMetric() {
    const one = { addDimensions: (dimensions: object) => void this.added.push(dimensions), addMetric: (name: string, _unit: string, count: number) => void this.added.push([name, count]) };
    return one;
  } };

  it('DLP-1 are counted, and sent to the bus in batches, without any datum', async () => {
    events.on(PutEventsCommand).resolves({});
    const reporter = createGuardReporter(new EventBridgeClient({ region: 'eu-west-1' }), metrics as never);
    const finding = { direction: 'out', category: 'secret', id: 'jwt', action: 'redacted', pointer: '/content/0', count: 2 } as const;
    for (let i = 0; i < 12; i++) reporter.report({ server: 'crm', target: 't', requestId: `r${i}`, findings: [finding] }, 'security');
    reporter.report({ server: 'files', target: 't', requestId: 'x', findings: [finding] }, undefined);
    await reporter.flush();
    const calls = events.commandCalls(PutEventsCommand).map(({ args }) => args[0].input.Entries!);
    expect(calls.map((entries) => entries.length)).toEqual([10, 2]);
    expect(calls[0]![0]).toEqual({ EventBusName: 'security', Source: 'mcp-zero-trust', DetailType: 'MCP guard finding', Detail: JSON.stringify({ server: 'crm', target: 't', requestId: 'r0', findings: [finding] }) });
    expect(metrics.added).toContainEqual({ server: 'crm', category: 'secret', action: 'redacted' });
    expect(metrics.added).toContainEqual(['Findings', 2]);
  });

  it('a bus that does not take them holds up nobody', async () => {
    events.on(PutEventsCommand).rejects(new Error('throttled'));
    const reporter = createGuardReporter(new EventBridgeClient({ region: 'eu-west-1' }), metrics as never);
    reporter.report({ server: 'crm', target: 't', requestId: 'r', findings: [{ direction: 'in', category: 'argument', id: 'path', action: 'blocked', pointer: '', count: 1 }] }, 'security');
    await expect(reporter.flush()).resolves.toBeUndefined();
  });
});

describe('a function as DLP service', () => {
  beforeAll(() => Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' }));

  const invoke = (answer: object, headers: Record<string, string> = {}) => {
    const sent: { url: string; init: RequestInit }[] = [];
    const service = createLambdaDlp({ functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:own', fetch: async (url, init) => {
      sent.push({ url: String(url), init: init! });
      return Response.json(answer, { headers });
    } });
    return { sent, service };
  };

  it('DLP-1 is invoked with a signed request, and its answer counts', async () => {
    const { sent, service } = invoke({ action: 'block', findings: ['rule'] });
    expect(await service.inspect({ content: [] }, { server: 'crm', target: 't' })).toEqual({ action: 'block', ids: ['rule'] });
    expect(sent[0]!.url).toBe('https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Aown/invocations');
    expect((sent[0]!.init.headers as Record<string, string>).authorization).toMatch(/^AWS4-HMAC-SHA256 /);
    expect(JSON.parse(String(sent[0]!.init.body))).toEqual({ server: 'crm', target: 't', result: { content: [] } });
  });

  it('DLP-1 blocks where the function fails', async () => {
    expect(await invoke({ errorMessage: 'x' }, { 'x-amz-function-error': 'Unhandled' }).service.inspect({}, { server: 'crm', target: 't' })).toMatchObject({ action: 'block', ids: ['unavailable'] });
  });
});
