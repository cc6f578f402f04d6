import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ApplyGuardrailCommand, BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { ComprehendClient, DetectPiiEntitiesCommand } from '@aws-sdk/client-comprehend';
import { mockClient } from 'aws-sdk-client-mock';
import { createHttpHook, createIcapClient, createServerGuard, withDlpLimits, type DlpService } from '../../lambda/guard';
import { createBedrockGuardrailDlp } from '../../lambda/guard/dlp/aws-bedrock-guardrails';
import { createComprehendDlp } from '../../lambda/guard/dlp/aws-comprehend';
import type { JsonObject } from '../../lambda/protocol';

const exchange = { server: 'crm', target: 'lookup' };
const result: JsonObject = { content: [{ type: 'text', text: 'hello Joe Miller' }] };
const changed: JsonObject = { content: [{ type: 'text', text: 'hello [name]' }] };

describe('limits', () => {
  const never = () => new Promise<never>(() => {});

  it('DLP-1 blocks by default what a service did not judge: too late, or failing', async () => {
    expect(await withDlpLimits(never, { timeoutMs: 20 }).inspect(result, exchange)).toEqual({ action: 'block', ids: ['unavailable'] });
    expect(await withDlpLimits(() => Promise.reject(new Error('down'))).inspect(result, exchange)).toEqual({ action: 'block', ids: ['unavailable'] });
  });

  it('DLP-1 lets it pass where that was chosen', async () => {
    expect(await withDlpLimits(never, { timeoutMs: 20, onFailure: 'allow' }).inspect(result, exchange)).toEqual({ action: 'allow', ids: ['unavailable'] });
  });

  it('DLP-1 a guard does what the service says, and holds the result to the output schema still', async () => {
    const by = (dlp: DlpService) => createServerGuard({ server: 'crm', dlp }).guardResult(result, 'lookup', { principalKey: 'a', groups: [], requestId: 'r' });
    expect(await by(withDlpLimits(async () => ({ action: 'replace', ids: ['name'], value: changed })))).toMatchObject({ ok: true, value: changed, findings: [{ category: 'dlp', id: 'name', action: 'redacted' }] });
    expect(await by(withDlpLimits(async () => ({ action: 'block', ids: ['rule 7'] })))).toMatchObject({ ok: false, reason: 'dlp/rule 7' });
    expect(await by(withDlpLimits(never, { timeoutMs: 20 }))).toMatchObject({ ok: false, reason: 'dlp/unavailable' });
  });
});

describe('the HTTP hook', () => {
  const hook = (answer: object | string, status = 200) => {
    const sent: { url: string; body: unknown }[] = [];
    const service = createHttpHook({ url: 'https://dlp.example.com/check', headers: { authorization: 'Bearer own' }, fetch: async (url, init) => {
      sent.push({ url: String(url), body: JSON.parse(String(init!.body)) });
      return new Response(typeof answer === 'string' ? answer : JSON.stringify(answer), { status });
    } });
    return { sent, service };
  };

  it('DLP-1 ENT-3 posts the result and does what is answered', async () => {
    const { sent, service } = hook({ action: 'replace', findings: ['name'], result: changed });
    expect(await service.inspect(result, exchange)).toEqual({ action: 'replace', ids: ['name'], value: changed });
    expect(sent).toEqual([{ url: 'https://dlp.example.com/check', body: { server: 'crm', target: 'lookup', result } }]);
    expect(await hook({ action: 'allow' }).service.inspect(result, exchange)).toEqual({ action: 'allow', ids: [] });
  });

  it.each([['an error', {}, 500], ['no JSON', 'ok', 200], ['no action', { verdict: 'fine' }, 200], ['a replacement without a result', { action: 'replace' }, 200]])('DLP-1 takes %s for a failure', async (_what, answer, status) => {
    expect(await hook(answer, status).service.inspect(result, exchange)).toEqual({ action: 'block', ids: ['unavailable'] });
  });

  it('DLP-1 sends results to nobody in the clear', () => {
    expect(() => createHttpHook({ url: 'http://dlp.example.com/' })).toThrow(/https/);
    expect(() => createHttpHook({ url: 'http://127.0.0.1:8080/' })).not.toThrow();
  });
});

describe('ICAP (RFC 3507)', () => {
  const servers: Server[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));

  async function icap(answer: (request: string, socket: Socket) => string | undefined, options: object = {}) {
    const requests: string[] = [];
    const server = createServer((socket) => {
      let text = '';
      socket.on('error', () => {});
      socket.on('data', (part) => {
        text += part.toString('utf8');
        if (!text.endsWith('0\r\n\r\n')) return;
        requests.push(text);
        const said = answer(text, socket);
        if (said !== undefined) socket.end(said);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { requests, service: createIcapClient({ url: `icap://127.0.0.1:${(server.address() as AddressInfo).port}/respmod`, timeoutMs: 1_000, ...options }) };
  }

  const adapted = (status: string, type: string, body: string) => {
    const head = `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n\r\n`;
    return `ICAP/1.0 200 OK\r\nISTag: "x"\r\nX-Violations-Found: 1 card\r\nEncapsulated: res-hdr=0, res-body=${head.length}\r\n\r\n${head}${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  };

  it('DLP-1 ENT-3 sends the result as a response to modify, with the offsets of its parts', async () => {
    const { requests, service } = await icap(() => 'ICAP/1.0 204 No Content\r\nISTag: "x"\r\n\r\n');
    expect(await service.inspect(result, exchange)).toEqual({ action: 'allow', ids: [] });
    const [request] = requests as [string];
    expect(request).toMatch(/^RESPMOD icap:\/\/127\.0\.0\.1:\d+\/respmod ICAP\/1\.0\r\n/);
    expect(request).toContain('Allow: 204\r\n');
    const [, header, body] = /Encapsulated: req-hdr=0, res-hdr=(\d+), res-body=(\d+)/.exec(request)!.map(Number) as [number, number, number];
    const encapsulated = request.slice(request.indexOf('\r\n\r\n') + 4);
    expect(encapsulated.slice(0, header)).toMatch(/^POST \/mcp\/crm\/lookup HTTP\/1\.1\r\n[\s\S]*\r\n\r\n$/);
    expect(encapsulated.slice(header, body)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
    expect(encapsulated.slice(body)).toBe(`${JSON.stringify(result).length.toString(16)}\r\n${JSON.stringify(result)}\r\n0\r\n\r\n`);
  });

  it('DLP-1 takes an adapted result, and a page that says no for a refusal', async () => {
    expect(await (await icap(() => adapted('200 OK', 'application/json', JSON.stringify(changed)))).service.inspect(result, exchange)).toEqual({ action: 'replace', ids: ['1 card'], value: changed });
    expect(await (await icap(() => adapted('403 Forbidden', 'text/html', '<p>no</p>'))).service.inspect(result, exchange)).toEqual({ action: 'block', ids: ['1 card'] });
    expect(await (await icap(() => adapted('200 OK', 'text/html', '<p>no</p>'))).service.inspect(result, exchange)).toMatchObject({ action: 'block' });
  });

  it('DLP-1 reads an answer that comes in pieces, on a connection that stays open', async () => {
    const { service } = await icap((_request, socket) => {
      const said = adapted('200 OK', 'application/json', JSON.stringify(changed));
      socket.write(said.slice(0, 60));
      setTimeout(() => socket.write(said.slice(60)), 20);
      return undefined;
    });
    expect(await service.inspect(result, exchange)).toMatchObject({ action: 'replace', value: changed });
  });

  it.each([
    ['an error', 'ICAP/1.0 500 Server Error\r\n\r\n'],
    ['something else', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['nothing', ''],
    ['a broken body', adapted('200 OK', 'application/json', '{}').replace('\r\n2\r\n', '\r\nffff\r\n')],
    ['no JSON', adapted('200 OK', 'application/json', '{"a":')],
  ])('DLP-1 blocks where the service answers %s', async (_what, answer) => {
    expect(await (await icap(() => answer)).service.inspect(result, exchange)).toEqual({ action: 'block', ids: ['unavailable'] });
  });

  it('DLP-1 blocks where the service is silent, or not there', async () => {
    expect(await (await icap(() => undefined, { timeoutMs: 50 })).service.inspect(result, exchange)).toEqual({ action: 'block', ids: ['unavailable'] });
    expect(await createIcapClient({ url: 'icap://127.0.0.1:1/x' }).inspect(result, exchange)).toMatchObject({ action: 'block' });
    expect(() => createIcapClient({ url: 'http://127.0.0.1/x' })).toThrow(/not an ICAP URL/);
  });
});

describe('Amazon Comprehend', () => {
  const mock = mockClient(ComprehendClient);
  beforeEach(() => mock.reset());

  it('DLP-1 takes out what is detected, by characters rather than UTF-16 units', async () => {
    mock.on(DetectPiiEntitiesCommand).resolves({ Entities: [{ Type: 'PHONE', Score: 0.99, BeginOffset: 7, EndOffset: 14 }, { Type: 'NAME', Score: 0.99, BeginOffset: 0, EndOffset: 1 }, { Type: 'PIN', Score: 0.2, BeginOffset: 0, EndOffset: 3 }] });
    const verdict = await createComprehendDlp().inspect({ content: [{ type: 'text', text: '😀 call 5550100 now' }] }, exchange);
    expect(verdict).toEqual({ action: 'replace', ids: ['comprehend-PHONE'], value: { content: [{ type: 'text', text: '😀 call [removed:comprehend-phone] now' }] } });
  });

  it('DLP-1 cuts long texts into what the service takes, and blocks where it does not answer', async () => {
    mock.on(DetectPiiEntitiesCommand).resolves({ Entities: [] });
    expect(await createComprehendDlp().inspect({ content: [{ type: 'text', text: 'ä word '.repeat(40_000) }] }, exchange)).toEqual({ action: 'allow', ids: [] });
    for (const { args } of mock.commandCalls(DetectPiiEntitiesCommand)) expect(Buffer.byteLength(args[0].input.Text!)).toBeLessThanOrEqual(100_000);
    mock.on(DetectPiiEntitiesCommand).rejects(new Error('throttled'));
    expect(await createComprehendDlp().inspect(result, exchange)).toMatchObject({ action: 'block' });
  });
});

describe('Amazon Bedrock Guardrails', () => {
  const mock = mockClient(BedrockRuntimeClient);
  beforeEach(() => mock.reset());
  const service = createBedrockGuardrailDlp({ guardrailId: 'g', guardrailVersion: '3' });

  it('DLP-1 asks about every text as output, and takes masked texts', async () => {
    mock.on(ApplyGuardrailCommand).resolves({ action: 'GUARDRAIL_INTERVENED', outputs: [{ text: 'text' }, { text: 'hello {NAME}' }], assessments: [{ sensitiveInformationPolicy: { piiEntities: [{ type: 'NAME', match: 'Joe', action: 'ANONYMIZED' }], regexes: [] } }] } as never);
    expect(await service.inspect(result, exchange)).toEqual({ action: 'replace', ids: ['guardrail-NAME'], value: { content: [{ type: 'text', text: 'hello {NAME}' }] } });
    expect(mock.commandCalls(ApplyGuardrailCommand)[0]!.args[0].input).toMatchObject({ guardrailIdentifier: 'g', guardrailVersion: '3', source: 'OUTPUT', content: [{ text: { text: 'text' } }, { text: { text: 'hello Joe Miller' } }] });
  });

  it('DLP-1 blocks what the guardrail blocks, and what it answers otherwise', async () => {
    mock.on(ApplyGuardrailCommand).resolves({ action: 'GUARDRAIL_INTERVENED', outputs: [{ text: 'no' }], assessments: [{ contentPolicy: { filters: [{ type: 'PROMPT_ATTACK', confidence: 'HIGH', action: 'BLOCKED' }] } }] } as never);
    expect(await service.inspect(result, exchange)).toEqual({ action: 'block', ids: ['guardrail-PROMPT_ATTACK'] });
    mock.on(ApplyGuardrailCommand).resolves({ action: 'NONE', outputs: [], assessments: [] } as never);
    expect(await service.inspect(result, exchange)).toEqual({ action: 'allow', ids: [] });
  });
});
