import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEvent } from '../../lambda/audit';
import { ephemeralCertificate, type ServerCertificate } from '../../lambda/container/ephemeral-certificate';
import { startLocalGateway, type LocalGateway } from '../../lambda/local';
import { readConfig } from '../../lambda/local/config/load';
import { createSigner, type Signer } from '../identity/tokens';

const tiny = { command: process.execPath, args: [join(__dirname, 'fixtures', 'tiny-server.mjs')] };
const ISSUER = 'https://login.example.com';

describe('IAM-4 the gateway\'s own TLS, and tokens that are bound to a client\'s certificate', () => {
  const server = ephemeralCertificate('localhost', Date.now());
  const client = ephemeralCertificate('client', Date.now());
  const thief = ephemeralCertificate('client', Date.now());
  const events: AuditEvent[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  const gateways: LocalGateway[] = [];
  let signer: Signer;

  beforeAll(async () => {
    signer = await createSigner();
    mkdirSync(join(folder, 'policies'));
    writeFileSync(join(folder, 'policies', 'all.cedar'), 'permit (principal, action, resource);');
    writeFileSync(join(folder, 'jwks.json'), JSON.stringify(signer.jwks));
    writeFileSync(join(folder, 'server.pem'), server.cert);
    writeFileSync(join(folder, 'server.key'), server.key);
    writeFileSync(join(folder, 'authority.pem'), client.cert);
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    rmSync(folder, { recursive: true });
  });

  async function start(tls: object = {}): Promise<string> {
    const config = { mcpServers: { tiny }, listen: '127.0.0.1:0', policies: 'policies', identity: { issuer: ISSUER, jwks: 'jwks.json', senderConstraint: 'required' }, tls: { cert: 'server.pem', key: 'server.key', ...tls } };
    const gateway = await startLocalGateway(readConfig(join(folder, 'mcp.json'), JSON.stringify(config), {}), { write: (event) => void events.push(event), flush: () => Promise.resolve() });
    gateways.push(gateway);
    expect(gateway.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    return `${gateway.url}/mcp/tiny`;
  }

  async function tokenFor(url: string, certificate: ServerCertificate): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const thumbprint = createHash('sha256').update(new X509Certificate(certificate.cert).raw).digest('base64url');
    return signer.sign({ aud: url, iat: now, exp: now + 300, cnf: { 'x5t#S256': thumbprint } });
  }

  function list(url: string, token: string, certificate?: ServerCertificate): Promise<number> {
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', headers, ca: server.cert, servername: 'localhost', agent: false, ...certificate }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode!));
      });
      sent.once('error', reject);
      sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta } }));
    });
  }

  test('a token is good over a connection with its certificate, and over no other', async () => {
    const url = await start();
    const token = await tokenFor(url, client);
    expect(await list(url, token, client)).toBe(200);
    expect(events.at(-1)).toMatchObject({ decision: 'allow', principal: { id: 'alice' } });
    expect(await list(url, token, thief)).toBe(401);
    expect(await list(url, token)).toBe(401);
    expect(events.at(-1)).toMatchObject({ decision: 'deny', reason: 'wrong_certificate' });
  });

  test('a certificate of nobody we know counts for nothing, where it is said whose certificates count', async () => {
    const url = await start({ clientCa: 'authority.pem' });
    expect(await list(url, await tokenFor(url, client), client)).toBe(200);
    expect(await list(url, await tokenFor(url, thief), thief)).toBe(401);
  });

  test('a certificate that cannot be used is said at the start', async () => {
    writeFileSync(join(folder, 'other.key'), thief.key);
    await expect(start({ key: 'other.key' })).rejects.toThrow('the certificate or the key of "tls" cannot be used');
  });
});
