import { checkHttp, corsHeaders, preflight, readBody, Refusal, type HttpRules } from '../../../lambda/gateway/inbound';

const rules: HttpRules = { allowedHosts: ['127.0.0.1:8808', 'gateway.example.com'], allowedOrigins: ['https://app.example.com'], maxBodyBytes: 1000 };
const good = { host: '127.0.0.1:8808', 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const check = (changes: Record<string, string | undefined> = {}, method = 'POST'): Refusal | undefined => {
  const headers = Object.entries({ ...good, ...changes }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return checkHttp(method, new Headers(headers), rules);
};

describe('HTTP side of a request', () => {
  it('GW-1 accepts a POST as MCP clients send it', () => {
    expect(check()).toBeUndefined();
    expect(check({ 'content-length': '1000' })).toBeUndefined();
  });

  it.each(['evil.example.com', '127.0.0.1:9999', '127.0.0.1', '127.0.0.1:8808.evil.example.com', undefined])('GW-1 refuses the Host %s (DNS rebinding)', (host) => {
    for (const method of ['POST', 'GET', 'DELETE', 'OPTIONS']) expect(check({ host }, method)).toMatchObject({ status: 403, reason: 'host_not_allowed' });
  });

  it('GW-1 compares Host without regard to case', () => {
    expect(check({ host: 'Gateway.Example.COM' })).toBeUndefined();
  });

  it.each(['http://evil.example.com', 'null', 'https://app.example.com.evil.example.com', 'http://app.example.com', 'https://app.example.com, http://evil.example.com'])(
    'GW-1 refuses the Origin %s',
    (origin) => {
      const refusal = check({ origin });
      expect(refusal).toMatchObject({ status: 403, reason: 'origin_not_allowed' });
      expect(refusal?.id).toBeUndefined();
    },
  );

  it('GW-1 accepts an absent Origin, a listed one, and the gateway itself', () => {
    expect(check({ origin: undefined })).toBeUndefined();
    expect(check({ origin: 'https://app.example.com' })).toBeUndefined();
    expect(check({ origin: 'http://127.0.0.1:8808' })).toBeUndefined();
  });

  it.each(['text/plain', undefined, 'application/jsonp', 'text/plain; a=application/json', 'application/json, text/plain', 'application/json; charset=utf-16'])(
    'GW-1 refuses the Content-Type %s',
    (type) => {
      expect(check({ 'content-type': type })).toMatchObject({ status: 415, reason: 'unsupported_media_type' });
    },
  );

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json;', 'application/json;charset="UTF-8"'])('GW-1 accepts the Content-Type %s', (type) => {
    expect(check({ 'content-type': type })).toBeUndefined();
  });

  it('GW-1 refuses an encoded body, which could unpack to any size', () => {
    expect(check({ 'content-encoding': 'gzip' })).toMatchObject({ status: 415, headers: { 'accept-encoding': 'identity' } });
    expect(check({ 'content-encoding': 'identity' })).toBeUndefined();
  });

  it.each(['application/json', 'text/event-stream', 'text/html', undefined, 'application/json, text/event-stream;q=0'])('GW-1 refuses a POST that accepts %s', (accept) => {
    expect(check({ accept })).toMatchObject({ status: 406, reason: 'not_acceptable' });
  });

  it.each(['*/*', 'text/event-stream, application/json', 'application/*, text/*;q=0.5', 'application/json;q=0.9,text/event-stream'])('GW-1 serves a POST that accepts %s', (accept) => {
    expect(check({ accept })).toBeUndefined();
  });

  it('GW-1 serves a GET that accepts a stream, and no other', () => {
    expect(check({ accept: 'text/event-stream', 'content-type': undefined }, 'GET')).toBeUndefined();
    expect(check({ accept: 'application/json' }, 'GET')).toMatchObject({ status: 406 });
  });

  it('GW-1 refuses a declared length over the limit before anything is read', () => {
    expect(check({ 'content-length': '1001' })).toMatchObject({ status: 413, reason: 'too_large' });
    expect(check({ 'content-length': '1e9' })).toMatchObject({ status: 400 });
    expect(check({ 'content-length': '-1' })).toMatchObject({ status: 400 });
  });

  it('GW-1 refuses methods that the transport does not have', () => {
    expect(check({}, 'PUT')).toMatchObject({ status: 405, headers: { allow: 'GET, POST, DELETE, OPTIONS' } });
  });
});

describe('reading a body', () => {
  const streamed = (chunks: readonly string[], onCancel: () => void = () => undefined): Request => {
    let next = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = chunks[next++];
        if (chunk === undefined) controller.close();
        else controller.enqueue(Buffer.from(chunk));
      },
      cancel: onCancel,
    });
    return new Request('http://127.0.0.1/', { method: 'POST', body, duplex: 'half' } as RequestInit);
  };
  const text = (body: Uint8Array | Refusal): string => (body instanceof Refusal ? body.reason : Buffer.from(body).toString());

  it('GW-1 reads a body in as many pieces as it comes', async () => {
    expect(text(await readBody(streamed(['{"a"', ':1}']), 100))).toBe('{"a":1}');
    expect(text(await readBody(streamed([]), 100))).toBe('');
    expect(text(await readBody(new Request('http://127.0.0.1/', { method: 'POST' }), 100))).toBe('');
    expect(text(await readBody(new Request('http://127.0.0.1/', { method: 'POST', body: '{}', headers: { 'content-length': '2' } }), 100))).toBe('{}');
  });

  it('GW-1 stops reading as soon as a body is too large', async () => {
    let cancelled = false;
    const endless = streamed(new Array(1000).fill('x'.repeat(60)), () => (cancelled = true));
    expect(await readBody(endless, 100)).toMatchObject({ status: 413, reason: 'too_large' });
    expect(cancelled).toBe(true);
  });

  it('GW-1 refuses a body that breaks off', async () => {
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('the client went away')) });
    for (const headers of [new Headers(), new Headers({ 'content-length': '5' })]) {
      expect(await readBody({ headers, body, arrayBuffer: () => new Response(body).arrayBuffer() }, 100)).toMatchObject({ status: 400, reason: 'incomplete_body' });
    }
  });

  it('GW-1 does not take Content-Length for true', async () => {
    const request = new Request('http://127.0.0.1/', { method: 'POST', body: 'x'.repeat(200), headers: { 'content-length': '2' } });
    expect(await readBody(request, 100)).toMatchObject({ status: 413 });
  });
});

describe('cross-origin requests', () => {
  const from = (origin: string, more: Record<string, string> = {}): Headers => new Headers({ host: '127.0.0.1:8808', origin, ...more });

  it('GW-1 tells an allowed page which headers it may send, MCP parameters by name', () => {
    const answer = preflight(from('https://app.example.com', { 'access-control-request-headers': 'mcp-param-region,x-evil,Mcp-Param-Tenant, mcp-param-b@d' }), rules.allowedOrigins);
    if (answer instanceof Refusal) throw new Error('refused');
    expect(answer['access-control-allow-origin']).toBe('https://app.example.com');
    expect(answer['access-control-allow-methods']).toBe('GET, POST, DELETE, OPTIONS');
    const allowed = (answer['access-control-allow-headers'] ?? '').toLowerCase().split(', ');
    for (const name of ['authorization', 'content-type', 'accept', 'mcp-protocol-version', 'mcp-session-id', 'last-event-id', 'mcp-method', 'mcp-name', 'traceparent', 'mcp-param-region', 'mcp-param-tenant']) {
      expect(allowed).toContain(name);
    }
    expect(allowed).not.toContain('x-evil');
    expect(allowed).not.toContain('*');
    expect(allowed).not.toContain('mcp-param-b@d');
  });

  it('GW-1 answers no preflight of another page', () => {
    expect(preflight(from('https://evil.example.com'), rules.allowedOrigins)).toMatchObject({ status: 403 });
    expect(preflight(new Headers({ host: '127.0.0.1:8808' }), rules.allowedOrigins)).toMatchObject({ status: 403 });
  });

  it('GW-1 lets an allowed page read the session, the challenge and the version', () => {
    const headers = corsHeaders(from('https://app.example.com'), rules.allowedOrigins);
    expect(headers?.['access-control-expose-headers']).toMatch(/Mcp-Session-Id, WWW-Authenticate, MCP-Protocol-Version/);
    expect(headers?.vary).toBe('Origin');
    expect(corsHeaders(from('https://evil.example.com'), rules.allowedOrigins)).toBeUndefined();
    expect(corsHeaders(new Headers({ host: '127.0.0.1:8808' }), rules.allowedOrigins)).toBeUndefined();
  });
});
