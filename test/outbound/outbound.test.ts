import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkLearnedUrl, createOutbound, UrlRefused } from '../../lambda/outbound';

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))));

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('SSRF: a URL that was learned', () => {
  it.each([
    'http://login.example.com/keys',
    'ftp://login.example.com/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'https://user:password@login.example.com/',
    'https://login.example.com/#x',
    'https://127.0.0.1/keys',
    'https://localhost/keys',
    'https://localhost./keys',
    'https://a.localhost/keys',
    'https://[::1]/keys',
    'https://10.0.0.1/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[fd00:ec2::254]/latest/meta-data/',
    'https://[fe80::1]/',
    'https://[fc00::1]/',
    'https://0.0.0.0/',
    'https://0/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://[::ffff:169.254.169.254]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[2002:7f00:1::]/',
    '/keys',
    '',
  ])('is not called at %s', (url) => {
    expect(() => checkLearnedUrl(url, { configured: [] })).toThrow(UrlRefused);
  });

  it.each(['https://login.example.com/keys?a=b', 'https://8.8.8.8/', 'https://[2606:4700::1111]/', 'https://xn--bcher-kva.example/'])('may be called at %s', (url) => {
    expect(checkLearnedUrl(url, { configured: [] }).href).toBe(url);
  });

  it('may be in a private network where the operator put the issuer there, and never at link-local addresses', () => {
    const configured = [new URL('https://10.0.0.5/issuer'), new URL('http://127.0.0.1:8080/'), new URL('https://169.254.169.254/')];
    expect(checkLearnedUrl('https://10.0.0.5/keys', { configured }).pathname).toBe('/keys');
    expect(checkLearnedUrl('http://127.0.0.1:8080/keys', { configured }).pathname).toBe('/keys');
    for (const url of ['https://10.0.0.6/keys', 'https://10.0.0.5:8443/keys', 'http://10.0.0.5/keys', 'http://127.0.0.1:8081/keys', 'https://169.254.169.254/x']) {
      expect(() => checkLearnedUrl(url, { configured })).toThrow(UrlRefused);
    }
  });

  it('is not quoted in the refusal beyond its host', () => {
    expect(() => checkLearnedUrl('http://me:secret@evil.example.com/path?token=secret', { configured: [] })).toThrow(/^The URL at http:\/\/evil\.example\.com must not contain credentials$/);
  });
});

describe('SSRF: a request to a URL that was learned', () => {
  it('holds every redirect to the same rules', async () => {
    const inside = await listen((_request, response) => response.end('{"secret": true}'));
    for (const location of [inside, 'https://169.254.169.254/latest', 'http://login.example.com/', 'file:///etc/passwd', '//10.0.0.1/']) {
      const origin = await listen((_request, response) => response.writeHead(302, { location }).end());
      await expect(createOutbound({ configured: [new URL(origin)] })(`${origin}/keys`)).rejects.toThrow(UrlRefused);
    }
  });

  it('follows redirects at the same origin, three of them', async () => {
    const origin = await listen((request, response) => {
      const step = Number(request.url?.slice(1));
      if (step === 0) response.end('{}');
      else response.writeHead(307, { location: `/${step - 1}` }).end();
    });
    const outbound = createOutbound({ configured: [new URL(origin)] });
    expect((await outbound(`${origin}/3`)).status).toBe(200);
    await expect(outbound(`${origin}/4`)).rejects.toThrow('redirects more than 3 times');
  });

  it('takes no secret to where a POST is redirected', async () => {
    const seen: string[] = [];
    const origin = await listen((request, response) => {
      seen.push(request.url!);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect((await createOutbound({ configured: [new URL(origin)] })(`${origin}/token`, { method: 'POST', body: 'secret' })).status).toBe(307);
    expect(seen).toEqual(['/token']);
  });

  it('checks the very address that a name resolves to when it connects (DNS rebinding)', async () => {
    const origin = await listen((_request, response) => response.end('{}'));
    const { port } = new URL(origin);
    await expect(createOutbound({ configured: [] })(`https://127.0.0.1.nip.test:${port}/`)).rejects.toThrow();
    // `localhost` resolves to a loopback address; only the operator may have meant that.
    await expect(createOutbound({ configured: [] })(`https://localhost:${port}/`)).rejects.toThrow(UrlRefused);
    expect((await createOutbound({ configured: [new URL(`http://localhost:${port}`)] })(`http://localhost:${port}/`)).body).toBe('{}');
  });

  it('reads no more than a document, and waits no longer than it is told', async () => {
    const origin = await listen((request, response) => {
      if (request.url === '/large') response.end('x'.repeat(2_000));
      else if (request.url === '/slow') response.write('{');
    });
    const outbound = createOutbound({ configured: [new URL(origin)], maxBytes: 1_000, timeoutMs: 200 });
    await expect(outbound(`${origin}/large`)).rejects.toThrow('larger than 1000 bytes');
    await expect(outbound(`${origin}/slow`)).rejects.toThrow();
    await expect(outbound(`${origin}/silent`)).rejects.toThrow();
  });
});
